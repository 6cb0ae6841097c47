"""The ledger's key where the ledger is a file: it is given, or kept in a file beside the ledger."""

import os
import secrets
import sqlite3
from pathlib import Path

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.key_ring import SETTING, KeyRing, new_key_ring, open_key_ring


def key_file(ledger: Path) -> Path:
    """Where the key of a ledger is, unless a setting names it."""
    return ledger.with_name(ledger.name + ".key")


def new_key_file(ledger: Path) -> Path:
    """Where a new key is until the ledger has it."""
    return ledger.with_name(ledger.name + ".key.new")


def open_keys(connection: sqlite3.Connection, ledger: Path, given: str | None, *, make: bool) -> KeyRing:
    """The key ring of an open ledger: its key is `given`, or read from the file beside it, or made there once.

    Parameters
    ----------
    make : bool
        Whether the connection may write, so that a ledger without a key gets one.

    Raises
    ------
    Unavailable
        If the key is missing or another than the ledger's: its objections could not be found.
    """
    row = connection.execute("SELECT mark, lasting FROM seals").fetchone()
    key = given.encode() if given else _read(key_file(ledger))
    if key is None and row is not None:
        raise _refuse("the key of the ledger is missing", ledger)
    if row is None:
        # Nothing has been hashed yet, so any key is the right one.
        return _begin(connection, key or _make(key_file(ledger))) if make else KeyRing(key or b"")
    if row[0] != KeyRing(key or b"").mark and not given:
        key = _interrupted_rotation(ledger, row[0], make=make)
    if row[0] != KeyRing(key or b"").mark:
        raise _refuse("the ledger has another key", ledger)
    return open_key_ring(key or b"", row[1])


def _interrupted_rotation(ledger: Path, mark: str, *, make: bool) -> bytes | None:
    """The key that the ledger was given by a process that ended before it could put the key in its place."""
    key = _read(new_key_file(ledger))
    if key is None or KeyRing(key).mark != mark:
        return None
    if make:
        new_key_file(ledger).replace(key_file(ledger))
    return key


def _begin(connection: sqlite3.Connection, key: bytes) -> KeyRing:
    key_ring, lasting = new_key_ring(key)
    connection.execute("INSERT INTO seals (mark, lasting) VALUES (?, ?)", (key_ring.mark, lasting))
    return key_ring


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(
            "the key of the ledger cannot be read", field=SETTING, value=path, remedy="make it readable"
        ) from error


def _make(path: Path) -> bytes:
    key = secrets.token_hex(32).encode()
    write_key(path, key)
    return key


def write_key(path: Path, key: bytes) -> None:
    """Write a key where its owner alone can read it; it is on the disk when this returns.

    Raises
    ------
    Unavailable
        If it cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(descriptor)
        _sync_folder(path.parent)
    except OSError as error:
        remedy = "make the ledger's folder writable for this process"
        raise Unavailable("the key of the ledger cannot be kept", field=SETTING, value=path, remedy=remedy) from error


def _sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk: a ledger must never be wrapped under a key that a crash takes away."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse(why: str, ledger: Path) -> Unavailable:
    remedy = f"restore `{key_file(ledger).name}` beside the ledger, or set {SETTING} to what it has"
    return Unavailable(why, field=SETTING, value=ledger, remedy=remedy)
