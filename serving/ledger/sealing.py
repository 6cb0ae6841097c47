"""The ledger's key, and the secret under which names are hashed where they must be found but not read.

Objections outlive the person's data: whoever was erased stays suppressed. So they name nobody and hold HMAC-SHA-256
(RFC 2104) of the name. Hashes cannot be made anew without the names, so they are not made under the ledger's key, which
can be changed, but under a random secret that is kept in the ledger, wrapped under that key. A ledger from before there
was such a secret was hashed under its key, and keeps that one as the secret when the key is changed.
"""

import hmac
import os
import secrets
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from decisioning.errors import Unavailable
from decisioning.naming import normal

SETTING = "HEED_LEDGER_KEY"


_NONCE = 12
_WRAPPING = b"heed wrapping of the secret that lasts"


@dataclass(frozen=True, slots=True)
class Seal:
    """Hashes names under one secret. The spelling of a name makes no difference.

    Attributes
    ----------
    key : bytes
        The ledger's key, kept beside the ledger and not in it.
    lasting : bytes
        What hashes and signatures are made under, whatever becomes of the key; empty means the key itself.
    """

    key: bytes = field(repr=False)
    lasting: bytes = field(default=b"", repr=False)

    def customer(self, customer_id: str) -> str:
        """The hash that stands for a customer."""
        return self._hashed("customer", normal(customer_id))

    def contact_point(self, contact_point: str) -> str:
        """The hash that stands for a contact point."""
        return self._hashed("contact-point", normal(contact_point))

    def request(self, client: str, key: str) -> str:
        """The hash that stands for a client's idempotency key, which may say more than it should."""
        return self._hashed("idempotency-key", f"{client}\0{key}")

    def suppression(self, content: str) -> str:
        """The id of a suppression, which is its content: without a key, whoever guesses its reason could tell."""
        return self._hashed("suppression", content)

    def fingerprint(self, fingerprint: str) -> str:
        """The hash of a digest of a request: without a key, whoever guesses the request could tell that it was made."""
        return self._hashed("fingerprint", fingerprint)

    @property
    def mark(self) -> str:
        """What tells this key from another and gives neither away."""
        return _hashed(self.key, "mark", "heed")

    def derived(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose that lasts when the ledger's key is changed."""
        return derived(self.lasting or self.key, purpose)

    def _hashed(self, kind: str, name: str) -> str:
        return _hashed(self.lasting or self.key, kind, name)


def derived(key: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose (HKDF with SHA-256, RFC 5869); none tells of another, or of what it is from."""
    return HKDF(hashes.SHA256(), 32, None, purpose).derive(key)


def begun(key: bytes) -> tuple[Seal, bytes]:
    """The seal of a new ledger, and its secret as it is kept: wrapped under the key."""
    seal = Seal(key, os.urandom(32))
    return seal, wrapped_secret(seal)


def wrapped_secret(seal: Seal) -> bytes:
    """What lasts, wrapped under the ledger's key."""
    nonce = os.urandom(_NONCE)
    wrapping = AESGCM(derived(seal.key, _WRAPPING))
    return nonce + wrapping.encrypt(nonce, seal.lasting or seal.key, None)


def unwrapped(key: bytes, wrapped: bytes | None) -> Seal:
    """The seal of a ledger under its own key; `wrapped` is None in one that was hashed under the key."""
    if wrapped is None:
        return Seal(key)
    return Seal(key, AESGCM(derived(key, _WRAPPING)).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], None))


def _hashed(key: bytes, kind: str, name: str) -> str:
    return hmac.digest(key, f"{kind}\0{name}".encode(), "sha256").hex()


def key_file(ledger: Path) -> Path:
    """Where the key of a ledger is, unless a setting names it."""
    return ledger.with_name(ledger.name + ".key")


def new_key_file(ledger: Path) -> Path:
    """Where a new key is until the ledger has it."""
    return ledger.with_name(ledger.name + ".key.new")


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
    row = connection.execute("SELECT mark, lasting FROM seals").fetchone()
    key = given.encode() if given else _read(key_file(ledger))
    if key is None and row is not None:
        raise _refused("the key of the ledger is missing", ledger)
    if row is None:
        # Nothing has been hashed yet, so any key is the right one.
        return _begun(connection, key or _made(key_file(ledger))) if make else Seal(key or b"")
    if row[0] != Seal(key or b"").mark and not given:
        key = _rekeyed(ledger, row[0], make=make)
    if row[0] != Seal(key or b"").mark:
        raise _refused("the ledger has another key", ledger)
    return unwrapped(key or b"", row[1])


def _rekeyed(ledger: Path, mark: str, *, make: bool) -> bytes | None:
    """The key that the ledger was given by a process that ended before it could put the key in its place."""
    key = _read(new_key_file(ledger))
    if key is None or Seal(key).mark != mark:
        return None
    if make:
        new_key_file(ledger).replace(key_file(ledger))
    return key


def _begun(connection: sqlite3.Connection, key: bytes) -> Seal:
    seal, lasting = begun(key)
    connection.execute("INSERT INTO seals (mark, lasting) VALUES (?, ?)", (seal.mark, lasting))
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
    keep_key(path, key)
    return key


def keep_key(path: Path, key: bytes) -> None:
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
        _settle(path.parent)
    except OSError as error:
        remedy = "make the ledger's folder writable for this process"
        raise Unavailable("the key of the ledger cannot be kept", field=SETTING, value=path, remedy=remedy) from error


def _settle(folder: Path) -> None:
    """Bring the names in a folder to the disk: a ledger must never be wrapped under a key that a crash takes away."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(why: str, ledger: Path) -> Unavailable:
    remedy = f"restore `{key_file(ledger).name}` beside the ledger, or set {SETTING} to what it has"
    return Unavailable(why, field=SETTING, value=ledger, remedy=remedy)
