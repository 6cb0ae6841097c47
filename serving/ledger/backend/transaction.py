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


class Cursor(Protocol):
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


class Transaction(ABC):
    """Statements run inside one open transaction.

    Attributes
    ----------
    key_ring : KeyRing
        The ledger's key at work.
    shard : int or None
        The queue in which it waits for others that write; None where there are no others.
    """

    def __init__(self, key_ring: KeyRing, shard: int | None = None) -> None:
        self.key_ring = key_ring
        self.shard = shard
        self._inserted: list[tuple[str, Values]] = []
        self._last: list[Query] = []

    def rows(self, statement: Statement, values: Values) -> list[Row]:
        """All rows, in the order of the statement."""
        return self._execute(statement, values).fetchall()

    def row(self, statement: Statement, values: Values) -> Row | None:
        """The first row, None where there is none."""
        found: Row | None = self._execute(statement, values).fetchone()
        return found

    def batch(self, queries: Sequence[Query]) -> list[list[Row]]:
        """All rows of several statements; over a network they are sent together."""
        return [self.rows(statement, values) for statement, values in queries]

    def prefetch(self, queries: Sequence[Query]) -> None:  # noqa: B027 - a local database answers when it is asked
        """Announce queries, so that over a network all of them are sent together."""

    def run(self, statement: Statement, values: Values) -> int:
        """Run a statement that changes rows; how many it changed."""
        self._note(statement, values)
        return self._execute(statement, values).rowcount

    def defer(self, statement: Statement, values: Values) -> None:
        """Run a statement that changes rows, before the next query is answered or before the end.

        Nobody is told how many rows it changed; an error is raised then.
        """
        self._note(statement, values)
        self._send_later(statement, values)

    def defer_last(self, statement: Statement, values: Values) -> None:
        """Run a statement that other jobs wait for, after everything else that the job does."""
        self._last.append((statement, values))

    @property
    def inserted(self) -> Sequence[tuple[str, Values]]:
        """Table and values of every row that was added so far, in order."""
        return self._inserted

    @property
    def last(self) -> Sequence[Query]:
        """What is left for the end."""
        return self._last

    def require_clock(self, now: datetime) -> None:  # noqa: B027 - where there is no clock but ours, it is right
        """Return where time windows may be judged by this moment.

        Raises
        ------
        Unavailable
            If the database's own clock contradicts it.
        """

    def _note(self, statement: Statement, values: Values) -> None:
        if isinstance(statement, Insert):
            self._inserted.append((statement.table.name, values))

    def _send_later(self, statement: Statement, values: Values) -> None:
        self._execute(statement, values)

    @abstractmethod
    def _execute(self, statement: Statement, values: Values) -> Cursor: ...


ReadJob = Callable[[Transaction], T]
"""Reading inside one transaction."""

WriteJob = Callable[[Transaction, datetime], T]
"""Work inside one transaction, with the moment at which it runs by the ledger's own clock."""

Prefetch = Callable[[KeyRing], Sequence[Query]]
"""The first queries of a job, so that over a network they are sent with the beginning."""


def no_prefetch(key_ring: KeyRing) -> Sequence[Query]:  # noqa: ARG001 - the shape of a prefetch
    """Nothing is asked ahead."""
    return ()
