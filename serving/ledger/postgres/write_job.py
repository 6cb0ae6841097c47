"""One job on PostgreSQL: locks first, then a look at whether they are the right ones, then the job, then COMMIT.

BEGIN, the locks and what the job asks first are one way to the server and back, its last changes and COMMIT another.
READ COMMITTED is meant: after the locks every statement sees what the one who held them before has committed. Under
REPEATABLE READ the snapshot would be older than the lock, and a cap could be passed.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar

import psycopg

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.locks import EVERYTHING, SHARED, Locks
from heed.serving.ledger.backend.transaction import Job, Prefetch
from heed.serving.ledger.postgres.errors import lost, undone, unknown_fate
from heed.serving.ledger.postgres.server_checks import NOW
from heed.serving.ledger.postgres.transaction import NotCommitted, PostgresTransaction, Sent

T = TypeVar("T")

Open = Callable[[], AbstractContextManager[PostgresTransaction]]

# The server keeps all locks in one table of a fixed size; a job that rests on more than this locks out all others.
_MOST_LOCKS = 1000
_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"
# One after the other in the order of the lists. What is asked next has a snapshot from after the last of them.
_LOCK = f"""
SELECT CASE WHEN beside THEN pg_advisory_xact_lock_shared(number) ELSE pg_advisory_xact_lock(number) END, {NOW}
FROM unnest(%(numbers)s::bigint[], %(beside)s::boolean[]) AS wanted (number, beside)
""".encode()  # noqa: S608 - constants of this code


class _MoreLocks(Exception):
    """The job rests on more than was locked."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names


def attempts(
    open_: Open,
    work: Job[T],
    locks: Locks,
    ahead: Prefetch,
    clock: Callable[[], datetime],
    tries: int,
    renew: Callable[[], None],
) -> T:
    """Run a job until it is committed, begin again what the database undid, and never what may have been committed.

    Parameters
    ----------
    open_ : callable
        Takes a connection for one try.
    ahead : callable
        What the job asks first.
    clock : callable
        Read once the locks are held.
    renew : callable
        Called after a connection was lost, so that the next try gets one that is new.

    Raises
    ------
    Unavailable
        If the job met others again and again, or if nobody knows whether its COMMIT took place.
    """
    names: frozenset[str] = frozenset()
    for remaining in reversed(range(tries)):
        try:
            with open_() as transaction:
                return _attempt(transaction, work, locks, names, ahead, clock)
        except _MoreLocks as more:
            names = more.names
        except psycopg.Error as error:
            if not remaining or not (lost(error) or undone(error)):
                raise
            if lost(error):
                renew()
    raise Unavailable("what the job is about kept changing", field="ledger", remedy="ask again in a moment")


def _attempt(
    transaction: PostgresTransaction,
    work: Job[T],
    locks: Locks,
    names: frozenset[str],
    ahead: Prefetch,
    clock: Callable[[], datetime],
) -> T:
    wanted = names or frozenset(locks(transaction))
    try:
        transaction.begin(_BEGIN, _taking(wanted), ahead(transaction.seal))
        _require_held(wanted, frozenset(locks(transaction)))
        result = work(transaction, clock())
        _commit(transaction)
    except BaseException:
        transaction.end()
        raise
    return result


def _require_held(held: frozenset[str], found: frozenset[str]) -> None:
    if not found <= held:
        raise _MoreLocks(found | held)


def _commit(transaction: PostgresTransaction) -> None:
    try:
        done = transaction.commit()
    except NotCommitted as refused:
        raise refused.__cause__ or refused from None
    except psycopg.Error as error:
        if undone(error) or isinstance(error, psycopg.IntegrityError):
            raise
        raise unknown_fate() from error
    if done != "COMMIT":
        # The server answers ROLLBACK where a statement had failed and the job went on regardless.
        raise RuntimeError(f"the transaction was not committed: {done}")


def _taking(names: frozenset[str]) -> Sent:
    """The statement that waits for all locks, in an order that is the same for every job."""
    if EVERYTHING in names or len(names) > _MOST_LOCKS:
        return _LOCK, {"numbers": [lock_number(EVERYTHING)], "beside": [False]}
    alone = {name for name in names if not name.startswith(SHARED)}
    beside = {name.removeprefix(SHARED) for name in names - alone} - alone
    ordered = sorted({*((lock_number(one), False) for one in alone), *((lock_number(one), True) for one in beside)})
    numbers, shared = zip((lock_number(EVERYTHING), True), *ordered, strict=True)
    return _LOCK, {"numbers": list(numbers), "beside": list(shared)}


def lock_number(name: str) -> int:
    """The lock of a name: 64 bits of its hash, the same in every process."""
    return int.from_bytes(blake2b(f"heed\0{name}".encode(), digest_size=8).digest(), "big", signed=True)
