"""Rotate the ledger's key: everything wrapped under the old one is wrapped under the new one, in one transaction.

Hashes and the signing of heads rest on the hash secret, so they stay as they are. Copies made before are still wrapped
under the old key: once that one is destroyed, nobody can open them.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from heed.decisioning.errors import Conflict, InvalidInput, Unavailable
from heed.serving.ledger.backend.database import EVERYTHING, Database
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.location import Location, PostgresLocation
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import rewrap_all
from heed.serving.ledger.postgres.database import PostgresDatabase
from heed.serving.ledger.postgres.limits import Limits
from heed.serving.ledger.sqlite.database import SqliteDatabase
from heed.serving.ledger.sqlite.key_file import key_file, new_key_file, write_key


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


NEW_KEY_SETTING = "HEED_NEW_LEDGER_KEY"
_KEY_CHARACTERS_MIN = 16


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
        raise InvalidInput(
            "the new key is missing",
            field=NEW_KEY_SETTING,
            remedy=f"set {NEW_KEY_SETTING}, or name a file that holds it",
        )
    key = secrets.token_hex(32) if new is None else new
    if len(key) < _KEY_CHARACTERS_MIN:
        raise InvalidInput(
            f"the new key has fewer than {_KEY_CHARACTERS_MIN} characters",
            field=NEW_KEY_SETTING,
            remedy="take a longer one",
        )
    with _opened(location, old, key) as database:
        if path is not None:
            write_key(new_key_file(path), key.encode())
        count = await database.write(lambda transaction, _: _rotate(transaction, key), _everything)
    return KeyRotation(count, None if path is None else new_key_file(path).replace(key_file(path)))


@contextmanager
def _opened(location: Location, old: str | None, new: str) -> Iterator[Database]:
    try:
        database = _open(location, old)
    except Unavailable as error:
        if _opens_with(location, new):
            raise Conflict(
                "the ledger has the new key already", field=NEW_KEY_SETTING, remedy="start with it"
            ) from error
        raise
    try:
        yield database
    finally:
        database.close()


# Every customer's key is wrapped again in one transaction, and everybody waits for it.
_PATIENT = Limits(statement=3600.0, silence=3700.0, job=24 * 3600.0)


def _open(location: Location, key: str | None, *, readonly: bool = False) -> Database:
    if isinstance(location, PostgresLocation):
        return PostgresDatabase.open(location, readonly=readonly, key=key, limits=_PATIENT)
    return SqliteDatabase.open(location, readonly=readonly, key=key)


def _opens_with(location: Location, key: str) -> bool:
    try:
        _open(location, key, readonly=True).close()
    except Unavailable:
        return False
    return True


def _everything(transaction: Transaction) -> tuple[str]:  # noqa: ARG001 - the shape of a finder
    return (EVERYTHING,)


def _rotate(transaction: Transaction, new: str) -> int:
    old = transaction.key_ring
    keys = KeyRing(new.encode(), old.hash_secret or old.key)
    if keys.mark == old.mark:
        raise Conflict("the ledger has the new key already", field=NEW_KEY_SETTING, remedy="take another")
    return rewrap_all(transaction, keys)
