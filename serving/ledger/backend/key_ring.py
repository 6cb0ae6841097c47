"""The ledger's key, and the secret under which names are hashed where they must be found but not read.

Objections outlive the person's data: whoever was erased stays suppressed. So they name nobody and hold HMAC-SHA-256
(RFC 2104) of the name. Hashes cannot be made anew without the names, so they are not made under the ledger's key, which
can be changed, but under a random secret that is kept in the ledger, wrapped under that key. A ledger from before there
was such a secret was hashed under its key, and keeps that one as the secret when the key is changed.
"""

import hmac
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from heed.decisioning.normalize import normalize_name

SETTING = "HEED_LEDGER_KEY"


_NONCE = 12
_WRAPPING = b"heed wrapping of the secret that lasts"


@dataclass(frozen=True, slots=True)
class KeyRing:
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
        return self._hashed("customer", normalize_name(customer_id))

    def contact_point(self, contact_point: str) -> str:
        """The hash that stands for a contact point."""
        return self._hashed("contact-point", normalize_name(contact_point))

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
        return derive_key(self.lasting or self.key, purpose)

    def _hashed(self, kind: str, name: str) -> str:
        return _hashed(self.lasting or self.key, kind, name)


def derive_key(key: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose (HKDF with SHA-256, RFC 5869); none tells of another, or of what it is from."""
    return HKDF(hashes.SHA256(), 32, None, purpose).derive(key)


def new_key_ring(key: bytes) -> tuple[KeyRing, bytes]:
    """The seal of a new ledger, and its secret as it is kept: wrapped under the key."""
    seal = KeyRing(key, os.urandom(32))
    return seal, wrap_secret(seal)


def wrap_secret(seal: KeyRing) -> bytes:
    """What lasts, wrapped under the ledger's key."""
    nonce = os.urandom(_NONCE)
    wrapping = AESGCM(derive_key(seal.key, _WRAPPING))
    return nonce + wrapping.encrypt(nonce, seal.lasting or seal.key, None)


def open_key_ring(key: bytes, wrapped: bytes | None) -> KeyRing:
    """The seal of a ledger under its own key; `wrapped` is None in one that was hashed under the key."""
    if wrapped is None:
        return KeyRing(key)
    return KeyRing(key, AESGCM(derive_key(key, _WRAPPING)).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], None))


def _hashed(key: bytes, kind: str, name: str) -> str:
    return hmac.digest(key, f"{kind}\0{name}".encode(), "sha256").hex()
