"""How functions that run SQL are offered by the ledger: declared once, as a read or a write, on the function itself.

A feature declares what it does beside its SQL::

    @writes(locks=_case_locks)
    def claim(transaction: Transaction, now: datetime, review_id: str, reviewer: str) -> ReviewCase: ...

Inside a transaction other features call `claim(transaction, now, ...)`. A `Repository` lists it as an attribute,
`claim = reviews.claim`, and then `await ledger.reviews.claim(review_id, reviewer)` runs it in a transaction of its own.
"""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from functools import update_wrapper
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from heed.decisioning.errors import Refused
from heed.serving.ledger.backend.database import Database
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.transaction import Query, Transaction

P = ParamSpec("P")
T = TypeVar("T")

Locks = Callable[..., Iterable[str]]
"""Finds the locks of a job. It is called with the transaction and the arguments of the job, and only reads."""

QueriesAhead = Callable[..., Sequence[Query]]
"""The first queries of a function. It is called with the key ring and the arguments of the function."""


class Repository:
    """One feature of the ledger: its reads and writes, over the database that keeps it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def database(self) -> Database:
        """What runs the reads and writes."""
        return self._database


class Read(Generic[P, T]):
    """A function that reads inside a transaction; on a repository it reads on one snapshot of its own."""

    def __init__(self, function: Callable[Concatenate[Transaction, P], T], prefetch: QueriesAhead) -> None:
        self.function, self.prefetch = function, prefetch
        update_wrapper(self, function)

    def __call__(self, transaction: Transaction, *args: P.args, **kwargs: P.kwargs) -> T:
        """Read inside an open transaction."""
        return self.function(transaction, *args, **kwargs)

    @overload
    def __get__(self, repository: None, owner: type[Repository]) -> Self: ...
    @overload
    def __get__(self, repository: Repository, owner: type[Repository]) -> Callable[P, T]: ...
    def __get__(self, repository: Repository | None, owner: type[Repository]) -> Self | Callable[P, T]:
        """The function itself, or bound to a repository's database."""
        if repository is None:
            return self
        database = repository.database

        def read(*args: P.args, **kwargs: P.kwargs) -> T:
            return database.read(
                lambda transaction: self.function(transaction, *args, **kwargs),
                lambda key_ring: self.prefetch(key_ring, *args, **kwargs),
            )

        return update_wrapper(read, self.function)


class ReadNow(Generic[P, T]):
    """A `Read` whose function is given the present moment as well."""

    def __init__(self, function: Callable[Concatenate[Transaction, datetime, P], T], prefetch: QueriesAhead) -> None:
        self.function, self.prefetch = function, prefetch
        update_wrapper(self, function)

    def __call__(self, transaction: Transaction, now: datetime, *args: P.args, **kwargs: P.kwargs) -> T:
        """Read inside an open transaction."""
        return self.function(transaction, now, *args, **kwargs)

    @overload
    def __get__(self, repository: None, owner: type[Repository]) -> Self: ...
    @overload
    def __get__(self, repository: Repository, owner: type[Repository]) -> Callable[P, T]: ...
    def __get__(self, repository: Repository | None, owner: type[Repository]) -> Self | Callable[P, T]:
        """The function itself, or bound to a repository's database and clock."""
        if repository is None:
            return self
        database = repository.database

        def read(*args: P.args, **kwargs: P.kwargs) -> T:
            now = database.now()
            return database.read(
                lambda transaction: self.function(transaction, now, *args, **kwargs),
                lambda key_ring: self.prefetch(key_ring, now, *args, **kwargs),
            )

        return update_wrapper(read, self.function)


class Write(Generic[P, T]):
    """A function that changes rows inside a transaction; on a repository it runs in a transaction of its own.

    A function that returns `Refused` keeps on record what led to the refusal; on a repository it is raised.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Transaction, datetime, P], T | Refused],
        locks: Locks,
        prefetch: QueriesAhead,
        *,
        scrub: bool,
    ) -> None:
        self.function, self.locks, self.prefetch, self.scrub = function, locks, prefetch, scrub
        update_wrapper(self, function)

    def __call__(self, transaction: Transaction, now: datetime, *args: P.args, **kwargs: P.kwargs) -> T | Refused:
        """Do it inside an open transaction, under locks that are held."""
        return self.function(transaction, now, *args, **kwargs)

    @overload
    def __get__(self, repository: None, owner: type[Repository]) -> Self: ...
    @overload
    def __get__(self, repository: Repository, owner: type[Repository]) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(
        self, repository: Repository | None, owner: type[Repository]
    ) -> Self | Callable[P, Coroutine[Any, Any, T]]:
        """The function itself, or bound to a repository's database."""
        if repository is None:
            return self
        database = repository.database

        async def write(*args: P.args, **kwargs: P.kwargs) -> T:
            result = await database.write(
                lambda transaction, now: self.function(transaction, now, *args, **kwargs),
                lambda transaction: self.locks(transaction, *args, **kwargs),
                lambda key_ring: self.prefetch(key_ring, *args, **kwargs),
            )
            if self.scrub:
                await database.scrub()
            if isinstance(result, Refused):
                raise result
            return result

        return update_wrapper(write, self.function)


def _nothing_ahead(*_: object, **__: object) -> Sequence[Query]:
    return ()


def reads(
    *, prefetch: Callable[Concatenate[KeyRing, ...], Sequence[Query]] = _nothing_ahead
) -> Callable[[Callable[Concatenate[Transaction, P], T]], Read[P, T]]:
    """Declare a function that reads.

    Parameters
    ----------
    prefetch : callable
        What the function asks first.
    """
    return lambda function: Read(function, prefetch)


def reads_now(
    *, prefetch: Callable[Concatenate[KeyRing, datetime, ...], Sequence[Query]] = _nothing_ahead
) -> Callable[[Callable[Concatenate[Transaction, datetime, P], T]], ReadNow[P, T]]:
    """Declare a function that reads and asks for the present moment."""
    return lambda function: ReadNow(function, prefetch)


def writes(
    *,
    locks: Callable[Concatenate[Transaction, ...], Iterable[str]],
    prefetch: Callable[Concatenate[KeyRing, ...], Sequence[Query]] = _nothing_ahead,
    scrub: bool = False,
) -> Callable[[Callable[Concatenate[Transaction, datetime, P], T | Refused]], Write[P, T]]:
    """Declare a function that changes rows.

    Parameters
    ----------
    locks : callable
        Finds what the job must have alone, from the arguments of the job.
    prefetch : callable
        What the job asks before it changes anything.
    scrub : bool
        Whether nothing of what was deleted may be left in the database's files afterwards.
    """
    return lambda function: Write(function, locks, prefetch, scrub=scrub)
