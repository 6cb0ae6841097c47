"""The ledger's key, and the hashes that stand for names which must be found but not read.

Objections outlive the person's data: an erased customer stays suppressed. So objections hold HMAC-SHA-256 (RFC 2104) of
the name instead of the name. Hashes cannot be recomputed without the names, so they are not made under the ledger's
key, which can be rotated, but under a random secret kept in the ledger, wrapped under that key. A ledger from before
there was such a secret was hashed under its key, which becomes the secret when the key is rotated.
"""

import hmac
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from heed.decisioning.normalize import normalize_name

SETTING = "HEED_LEDGER_KEY"


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The ledger's key, and hashes of names under one secret. The spelling of a name makes no difference.

    Attributes
    ----------
    key : bytes
        The ledger's key, kept beside the ledger and not in it.
    hash_secret : bytes
        What hashes and signatures are made under, however often the key is rotated; empty means the key itself.
    """

    key: bytes = field(repr=False)
    hash_secret: bytes = field(default=b"", repr=False)

    def hash_customer(self, customer_id: str) -> str:
        """The hash that stands for a customer."""
        return self._hash("customer", normalize_name(customer_id))

    def hash_contact_point(self, contact_point: str) -> str:
        """The hash that stands for a contact point."""
        return self._hash("contact-point", normalize_name(contact_point))

    def hash_idempotency_key(self, client: str, key: str) -> str:
        """The hash that stands for a client's idempotency key, which may say more than it should."""
        return self._hash("idempotency-key", f"{client}\0{key}")

    def hash_suppression(self, content: str) -> str:
        """The id of a suppression, which is its content: without a key, whoever guesses its reason could tell."""
        return self._hash("suppression", content)

    def hash_fingerprint(self, fingerprint: str) -> str:
        """The hash of a digest of a request: without a key, whoever guesses the request could tell that it was made."""
        return self._hash("fingerprint", fingerprint)

    @property
    def mark(self) -> str:
        """What tells this key from another and gives neither away."""
        return _hash(self.key, "mark", "heed")

    def derive(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose that stays the same when the ledger's key is rotated."""
        return derive_key(self.hash_secret or self.key, purpose)

    def _hash(self, kind: str, name: str) -> str:
        return _hash(self.hash_secret or self.key, kind, name)


def derive_key(key: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose (HKDF with SHA-256, RFC 5869); none tells of another, or of what it is from."""
    return HKDF(hashes.SHA256(), 32, None, purpose).derive(key)


def new_key_ring(key: bytes) -> tuple[KeyRing, bytes]:
    """The key ring of a new ledger, and its hash secret as it is stored: wrapped under the key."""
    key_ring = KeyRing(key, os.urandom(32))
    return key_ring, wrap_secret(key_ring)


_NONCE_BYTES = 12
_SECRET_WRAPPING = b"heed wrapping of the secret that lasts"


def wrap_secret(key_ring: KeyRing) -> bytes:
    """The hash secret, wrapped under the ledger's key."""
    nonce = os.urandom(_NONCE_BYTES)
    wrapping = AESGCM(derive_key(key_ring.key, _SECRET_WRAPPING))
    return nonce + wrapping.encrypt(nonce, key_ring.hash_secret or key_ring.key, None)


def open_key_ring(key: bytes, wrapped: bytes | None) -> KeyRing:
    """The key ring of a ledger under its own key; `wrapped` is None in one that was hashed under the key."""
    if wrapped is None:
        return KeyRing(key)
    nonce, ciphertext = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    return KeyRing(key, AESGCM(derive_key(key, _SECRET_WRAPPING)).decrypt(nonce, ciphertext, None))


def _hash(key: bytes, kind: str, name: str) -> str:
    return hmac.digest(key, f"{kind}\0{name}".encode(), "sha256").hex()
