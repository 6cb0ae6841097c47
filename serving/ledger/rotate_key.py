"""Giving the ledger another key: all that is wrapped under the old one is wrapped under the new, in one transaction.

Hashes and the signing of heads rest on the secret that lasts, so they stay as they are. What was copied before is
wrapped under the old key still: once that one is destroyed, no older copy of the ledger can be opened by anyone.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from heed.decisioning.errors import Conflict, InvalidInput, Unavailable
from heed.serving.ledger.backend.database import Database
from heed.serving.ledger.backend.key_ring import KeyRing, wrap_secret
from heed.serving.ledger.backend.location import Location, PostgresLocation
from heed.serving.ledger.backend.locks import EVERYTHING
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import unwrap_key, wrap_key
from heed.serving.ledger.postgres.database import PostgresDatabase
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.queries.keys import CHANGE_SEAL, KEYS_AFTER, REWRAP
from heed.serving.ledger.sqlite.database import SqliteDatabase
from heed.serving.ledger.sqlite.key_file import keep_key, key_file, new_key_file

NEW = "HEED_NEW_LEDGER_KEY"
_AT_ONCE = 500
_SHORTEST = 16
# Every customer's key is wrapped anew in one transaction, and everybody waits for it.
_NO_HURRY = Limits(statement=3600.0, silence=3700.0, job=24 * 3600.0)


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """What was done: so many customers' keys are wrapped under the new key now.

    Attributes
    ----------
    key_file : Path or None
        Where the new key is kept; None where whoever gave it keeps it.
    """

    keys: int
    key_file: Path | None


async def rotate_key(location: Location, old: str | None, new: str | None) -> KeyRotation:
    """Give the ledger another key; it takes effect as a whole or not at all.

    Parameters
    ----------
    old : str or None
        The present key; None means the one in the file beside the ledger.
    new : str or None
        The new key, of at least 16 characters. Where the present one is in the file beside the ledger the new one
        takes its place there, and None means a random one.

    Raises
    ------
    InvalidInput
        If the new key is too short, or none is given for a ledger whose key is not in a file beside it.
    Conflict
        If the ledger has the new key already.
    Unavailable
        If the present key is not the one given, or another process writes to the ledger's file.
    """
    path = None if old is not None or isinstance(location, PostgresLocation) else location
    if new is None and path is None:
        raise InvalidInput("the new key is missing", field=NEW, remedy=f"set {NEW}, or name a file that holds it")
    key = secrets.token_hex(32) if new is None else new
    if len(key) < _SHORTEST:
        raise InvalidInput(f"the new key has fewer than {_SHORTEST} characters", field=NEW, remedy="take a longer one")
    with _opened(location, old, key) as database:
        if path is not None:
            keep_key(new_key_file(path), key.encode())
        done = await database.write(lambda transaction, now: _rewrap(transaction, now, key.encode()), _everything)
    return KeyRotation(done, None if path is None else new_key_file(path).replace(key_file(path)))


@contextmanager
def _opened(location: Location, old: str | None, new: str) -> Iterator[Database]:
    try:
        database = _open(location, old)
    except Unavailable as error:
        if _has(location, new):
            raise Conflict("the ledger has the new key already", field=NEW, remedy="start with it") from error
        raise
    try:
        yield database
    finally:
        database.close()


def _open(location: Location, key: str | None, *, readonly: bool = False) -> Database:
    if isinstance(location, PostgresLocation):
        return PostgresDatabase.open(location, readonly=readonly, key=key, limits=_NO_HURRY)
    return SqliteDatabase.open(location, readonly=readonly, key=key)


def _has(location: Location, key: str) -> bool:
    try:
        _open(location, key, readonly=True).close()
    except Unavailable:
        return False
    return True


def _everything(transaction: Transaction) -> tuple[str]:  # noqa: ARG001 - the shape of a finder
    return (EVERYTHING,)


def _rewrap(transaction: Transaction, now: datetime, new: bytes) -> int:  # noqa: ARG001 - a job's shape
    seal = transaction.seal
    fresh = KeyRing(new, seal.lasting or seal.key)
    if fresh.mark == seal.mark:
        raise Conflict("the ledger has the new key already", field=NEW, remedy="take another")
    done, last = 0, ""
    while rows := transaction.rows(KEYS_AFTER, {"after": last, "limit": _AT_ONCE}):
        for key_id, stored in rows:
            again = wrap_key(fresh, unwrap_key(seal, key_id, bytes(stored)))
            transaction.run(REWRAP, {"key": key_id, "again": again})
        done, last = done + len(rows), rows[-1][0]
    transaction.run(CHANGE_SEAL, {"new_mark": fresh.mark, "secret": wrap_secret(fresh)})
    return done
