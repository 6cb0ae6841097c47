"""One write job on PostgreSQL: locks first, then a check whether they are the right ones, then the job, then COMMIT.

BEGIN, the locks and the prefetched questions are one round trip, the last changes and COMMIT another. READ COMMITTED is
meant: after the locks every statement sees what the previous holder committed. Under REPEATABLE READ the snapshot would
be older than the lock, and a cap could be passed.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar

import psycopg

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.audit import hash_chain
from heed.serving.ledger.backend.database import EVERYTHING, SHARED, LockFinder
from heed.serving.ledger.backend.transaction import Prefetch, WriteJob
from heed.serving.ledger.postgres.errors import is_connection_lost, is_retryable, unknown_outcome_error
from heed.serving.ledger.postgres.server_checks import NOW
from heed.serving.ledger.postgres.transaction import NotCommitted, PostgresTransaction, Sent


class _MoreLocksNeeded(Exception):
    """The job rests on more than was locked."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names


OpenTransaction = Callable[[], AbstractContextManager[PostgresTransaction]]

T = TypeVar("T")


def run_write_job(
    open_: OpenTransaction,
    work: WriteJob[T],
    locks: LockFinder,
    prefetch: Prefetch,
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
                return _attempt(transaction, work, locks, names, prefetch, clock)
        except _MoreLocksNeeded as more:
            names = more.names
        except psycopg.Error as error:
            if not remaining or not (is_connection_lost(error) or is_retryable(error)):
                raise
            if is_connection_lost(error):
                renew()
    raise Unavailable("what the job is about kept changing", field="ledger", remedy="ask again in a moment")


_BEGIN = b"BEGIN ISOLATION LEVEL READ COMMITTED"


def _attempt(
    transaction: PostgresTransaction,
    work: WriteJob[T],
    locks: LockFinder,
    names: frozenset[str],
    prefetch: Prefetch,
    clock: Callable[[], datetime],
) -> T:
    wanted = names or frozenset(locks(transaction))
    try:
        transaction.begin(_BEGIN, _lock_statement(wanted), prefetch(transaction.key_ring))
        _require_held(wanted, frozenset(locks(transaction)))
        result = work(transaction, clock())
        hash_chain.finish(transaction)
        _commit(transaction)
    except BaseException:
        transaction.end()
        raise
    return result


def _require_held(held: frozenset[str], found: frozenset[str]) -> None:
    if not found <= held:
        raise _MoreLocksNeeded(found | held)


def _commit(transaction: PostgresTransaction) -> None:
    try:
        done = transaction.commit()
    except NotCommitted as refused:
        raise refused.__cause__ or refused from None
    except psycopg.Error as error:
        if is_retryable(error) or isinstance(error, psycopg.IntegrityError):
            raise
        raise unknown_outcome_error() from error
    if done != "COMMIT":
        # The server answers ROLLBACK where a statement had failed and the job went on regardless.
        raise RuntimeError(f"the transaction was not committed: {done}")


# The server keeps all locks in one table of a fixed size; a job that needs more than this locks out all others.
_LOCKS_MAX = 1000
# One after the other in the order of the lists. The next query has a snapshot from after the last of them.
_LOCK = f"""
SELECT CASE WHEN beside THEN pg_advisory_xact_lock_shared(number) ELSE pg_advisory_xact_lock(number) END, {NOW}
FROM unnest(%(numbers)s::bigint[], %(beside)s::boolean[]) AS wanted (number, beside)
""".encode()  # noqa: S608 - constants of this code


def _lock_statement(names: frozenset[str]) -> Sent:
    """The statement that waits for all locks, in an order that is the same for every job."""
    if EVERYTHING in names or len(names) > _LOCKS_MAX:
        return _LOCK, {"numbers": [lock_number(EVERYTHING)], "beside": [False]}
    alone = {name for name in names if not name.startswith(SHARED)}
    beside = {name.removeprefix(SHARED) for name in names - alone} - alone
    ordered = sorted({*((lock_number(name), False) for name in alone), *((lock_number(name), True) for name in beside)})
    numbers, shared = zip((lock_number(EVERYTHING), True), *ordered, strict=True)
    return _LOCK, {"numbers": list(numbers), "beside": list(shared)}


def lock_number(name: str) -> int:
    """The lock of a name: 64 bits of its hash, the same in every process."""
    return int.from_bytes(blake2b(f"heed\0{name}".encode(), digest_size=8).digest(), "big", signed=True)
