"""A transaction as the ledger's own code sees it, whatever the database."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from sqlalchemy import Delete, Insert, Select, Update

from heed.serving.ledger.backend.key_ring import KeyRing

Statement = Select[Any] | Insert | Update | Delete
Row = tuple[Any, ...]
Values = Mapping[str, object]
Query = tuple[Statement, Values]

T = TypeVar("T")


class Transaction(Protocol):
    """Statements run inside one open transaction."""

    @property
    def seal(self) -> KeyRing:
        """The ledger's key at work."""
        ...

    @property
    def shard(self) -> int | None:
        """The queue in which it waits for others that write; None where there are no others."""
        ...

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        ...

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        ...

    def run(self, statement: Statement, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        ...

    def several(self, asked: Sequence[Query]) -> list[list[Row]]:
        """All rows of several statements, which a database beyond a network is asked together."""
        ...

    def prefetch(self, asked: Sequence[Query]) -> None:
        """Say what will be asked, so that a database beyond a network is asked for all of it together."""
        ...

    def later(self, statement: Statement, values: Values) -> None:
        """Run a statement that changes rows, before the next question is answered or before the end.

        Nobody is told how many rows it changed; what is wrong with it is told then.
        """
        ...

    def last(self, statement: Statement, values: Values) -> None:
        """Run a statement that others wait for, after all that the job does otherwise; the job does not ask for it."""
        ...

    def require_moment(self, now: datetime) -> None:
        """Return where windows may be judged by this moment.

        Raises
        ------
        Unavailable
            If it is not the database's own.
        """
        ...


Work = Callable[[Transaction], T]
"""Reading inside one transaction."""

Job = Callable[[Transaction, datetime], T]
"""Work inside one transaction, with the moment at which it runs by the ledger's own clock."""

Prefetch = Callable[[KeyRing], Sequence[Query]]
"""What a job is going to ask first, so that a database beyond a network can be asked for it with the beginning."""


def no_prefetch(seal: KeyRing) -> Sequence[Query]:  # noqa: ARG001 - the shape of what looks ahead
    """Nothing is asked ahead."""
    return ()


class Executed(Protocol):
    """A statement that ran."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows."""
        ...

    def fetchone(self) -> Any:
        """The first row."""
        ...


class Executing(ABC):
    """A transaction that runs each statement when it comes."""

    def __init__(self, seal: KeyRing, shard: int | None = None) -> None:
        self._seal = seal
        self._shard = shard

    @property
    def seal(self) -> KeyRing:
        """The ledger's key at work."""
        return self._seal

    @property
    def shard(self) -> int | None:
        """The queue in which it waits for others that write."""
        return self._shard

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        return self._execute(statement, values).fetchall()

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        found: Row | None = self._execute(statement, values).fetchone()
        return found

    def run(self, statement: Statement, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        return self._execute(statement, values).rowcount

    def several(self, asked: Sequence[Query]) -> list[list[Row]]:
        """All rows of several statements."""
        return [self.rows(statement, values) for statement, values in asked]

    def prefetch(self, asked: Sequence[Query]) -> None:  # noqa: B027 - what is true of most
        """What is near is asked when it is needed."""

    def later(self, statement: Statement, values: Values) -> None:
        """Run a statement of which nobody asks how many rows it changed."""
        self._execute(statement, values)

    def last(self, statement: Statement, values: Values) -> None:
        """Run a statement that others wait for."""
        self.later(statement, values)

    def require_moment(self, now: datetime) -> None:  # noqa: B027 - what is true of most
        """Every moment will do where there is no clock but ours."""

    @abstractmethod
    def _execute(self, statement: Statement, values: Values) -> Executed: ...
