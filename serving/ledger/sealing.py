"""The ledger's key, under which customers and contact points are hashed where they must be found but not read.

Objections outlive the person's data: whoever was erased stays suppressed. So they name nobody and hold HMAC-SHA-256
(RFC 2104) of the name under a key that is kept beside the ledger and not in it.
"""

import hmac
import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from decisioning.errors import Unavailable
from decisioning.naming import normal

SETTING = "HEED_LEDGER_KEY"


@dataclass(frozen=True, slots=True)
class Seal:
    """Hashes names under one key. The spelling of a name makes no difference."""

    key: bytes = field(repr=False)

    def customer(self, customer_id: str) -> str:
        """The hash that stands for a customer."""
        return self._hashed("customer", normal(customer_id))

    def contact_point(self, contact_point: str) -> str:
        """The hash that stands for a contact point."""
        return self._hashed("contact-point", normal(contact_point))

    def request(self, client: str, key: str) -> str:
        """The hash that stands for a client's idempotency key, which may say more than it should."""
        return self._hashed("idempotency-key", f"{client}\0{key}")

    def fingerprint(self, fingerprint: str) -> str:
        """The hash of a digest of a request: without a key, whoever guesses the request could tell that it was made."""
        return self._hashed("fingerprint", fingerprint)

    @property
    def mark(self) -> str:
        """What tells this key from another and gives neither away."""
        return self._hashed("mark", "heed")

    def derived(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose (HKDF with SHA-256, RFC 5869); none tells of another, or of this one."""
        return HKDF(hashes.SHA256(), 32, None, purpose).derive(self.key)

    def _hashed(self, kind: str, name: str) -> str:
        return hmac.digest(self.key, f"{kind}\0{name}".encode(), "sha256").hex()


def key_file(ledger: Path) -> Path:
    """Where the key of a ledger is, unless a setting names it."""
    return ledger.with_name(ledger.name + ".key")


def seal_of(connection: sqlite3.Connection, ledger: Path, given: str | None, *, make: bool) -> Seal:
    """The seal of an open ledger: its key is `given`, or read from the file beside it, or made there once.

    Parameters
    ----------
    make : bool
        Whether the connection may write, so that a ledger without a key gets one.

    Raises
    ------
    Unavailable
        If the key is missing or another than the ledger's: its objections could not be found.
    """
    row = connection.execute("SELECT mark FROM seals").fetchone()
    key = given.encode() if given else _read(key_file(ledger))
    if key is None and row is not None:
        raise _refused("the key of the ledger is missing", ledger)
    if row is None:
        # Nothing has been hashed yet, so any key is the right one.
        return _begun(connection, key or _made(key_file(ledger))) if make else Seal(key or b"")
    seal = Seal(key or b"")
    if row[0] != seal.mark:
        raise _refused("the ledger was begun under another key", ledger)
    return seal


def _begun(connection: sqlite3.Connection, key: bytes) -> Seal:
    seal = Seal(key)
    connection.execute("INSERT INTO seals (mark) VALUES (?)", (seal.mark,))
    return seal


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip() or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(
            "the key of the ledger cannot be read", field=SETTING, value=path, remedy="make it readable"
        ) from error


def _made(path: Path) -> bytes:
    key = secrets.token_hex(32).encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        remedy = "make the ledger's folder writable for this process"
        raise Unavailable("the key of the ledger cannot be kept", field=SETTING, value=path, remedy=remedy) from error
    return key


def _refused(why: str, ledger: Path) -> Unavailable:
    remedy = f"restore `{key_file(ledger).name}` beside the ledger, or set {SETTING} to what it was begun with"
    return Unavailable(why, field=SETTING, value=ledger, remedy=remedy)
