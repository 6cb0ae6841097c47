"""What is personal in the record is sealed under a key of the customer's own, and is gone with that key.

AES-256-GCM (NIST SP 800-38D) with a random nonce; the decision's id and what part of it this is are authenticated with
it, so that nothing sealed can be put in the place of something else. The key is random, one for each customer, and kept
wrapped under a key derived from the ledger's. Deleting it makes what was sealed unreadable; `docs/erasure.md`
tells what that means for copies of the record.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heed.decisioning.canonical import canonical_json
from heed.serving.errors import CustomerErased, Tampered
from heed.serving.ledger.backend.key_ring import SETTING, KeyRing, derive_key
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.queries.keys import ADD_KEY, KEY, KEY_OF_CUSTOMER, MARK

_FORM = b"\x01"
_ID, _NONCE = 16, 12
_PURPOSE = b"heed wrapping of customers' keys"

ANSWER, RECEIPT, PAYLOAD, NOTE, EVENT = "answer", "receipt", "payload", "note", "event"


@dataclass(frozen=True, slots=True)
class DataKey:
    """One customer's key.

    Attributes
    ----------
    key_id : str
        32 hexadecimal digits.
    """

    key_id: str
    secret: bytes = field(repr=False)
    _aead: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_aead", AESGCM(self.secret))

    def sealed(self, decision_id: str, what: str, content: bytes) -> bytes:
        """The content, readable with this key alone and as this part of this decision alone."""
        nonce = os.urandom(_NONCE)
        closed = self._aead.encrypt(nonce, content, _about(decision_id, what))
        return b"".join((_FORM, bytes.fromhex(self.key_id), nonce, closed))

    def sealed_text(self, decision_id: str, what: str, content: str | bytes) -> str:
        """The same for a column of text."""
        plain = content.encode() if isinstance(content, str) else content
        return b64encode(self.sealed(decision_id, what, plain)).decode()

    def sealed_fact(self, what: str, own_id: str, value: object) -> str:
        """A value of a fact as JSON, readable with this key alone and as this part of this fact alone."""
        nonce = os.urandom(_NONCE)
        closed = self._aead.encrypt(nonce, canonical_json(value), _about(own_id, what))
        return b64encode(nonce + closed).decode()

    def fact(self, what: str, own_id: str, stored: str) -> Any:
        """What was sealed as this part of this fact.

        Raises
        ------
        Tampered
            If it was sealed as something else or under another key, or changed.
        """
        try:
            sealed = b64decode(stored, validate=True)
            return orjson.loads(self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], _about(own_id, what)))
        except (InvalidTag, ValueError) as error:
            remedy = "restore the customer's row from a backup, or erase the customer"
            raise Tampered(f"the {what} of a fact is not what was recorded", field="ledger", remedy=remedy) from error

    def decrypted(self, nonce: bytes, closed: bytes, about: bytes) -> bytes:
        """What was sealed; `InvalidTag` if it was sealed under another key, or about something else."""
        return self._aead.decrypt(nonce, closed, about)

    def derived(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose: BLAKE2b under the key (RFC 7693, 2.9)."""
        return blake2b(purpose, key=self.secret, digest_size=32).digest()


def get_or_create_key(transaction: Transaction, now: datetime, customer_id: str) -> DataKey:
    """The customer's key, made now if there is none."""
    found = get_key(transaction, customer_id)
    if found is not None:
        return found
    made = DataKey(os.urandom(_ID).hex(), os.urandom(32))
    values = {"key_id": made.key_id, "customer_id": customer_id, "wrapped": wrap_key(transaction.seal, made)}
    if not transaction.run(ADD_KEY, {**values, "created_at": micros(now), "under": transaction.seal.mark}):
        raise wrong_key_error()
    return made


def get_key(transaction: Transaction, customer_id: str) -> DataKey | None:
    """The customer's key, None where there is none."""
    row = transaction.row(KEY_OF_CUSTOMER, {"customer_id": customer_id})
    return None if row is None else unwrap_key(transaction.seal, row[0], bytes(row[1]))


def wrap_key(seal: KeyRing, key: DataKey) -> bytes:
    """A customer's key as it is kept."""
    nonce = os.urandom(_NONCE)
    return nonce + _wrapping(seal.key).encrypt(nonce, key.secret, key.key_id.encode())


def unwrap_key(seal: KeyRing, key_id: str, stored: bytes) -> DataKey:
    """A customer's key from how it is kept.

    Raises
    ------
    Tampered
        If it was wrapped under another key of the ledger, or changed.
    """
    try:
        secret = _wrapping(seal.key).decrypt(stored[:_NONCE], stored[_NONCE:], key_id.encode())
    except InvalidTag as error:
        raise wrong_key_error() from error
    return DataKey(key_id, secret)


def require_present_key(transaction: Transaction) -> None:
    """Refuse to go on under a key that the ledger has no more.

    Raises
    ------
    Tampered
        If the ledger was given another key since it was opened.
    """
    row = transaction.row(MARK, {})
    if row is not None and row[0] != transaction.seal.mark:
        raise wrong_key_error()


def wrong_key_error() -> Tampered:
    """The error for what is wrapped under another key than the one at hand."""
    message = "a customer's key is not wrapped under the key that this process was started with"
    return Tampered(message, field=SETTING, remedy="start again with the present key of the ledger")


def decrypt(transaction: Transaction, decision_id: str, what: str, stored: bytes) -> bytes | None:
    """What was sealed as this part of this decision; None where the key is gone.

    Raises
    ------
    Tampered
        If it was sealed as something else, or changed.
    """
    key_id = stored[1 : 1 + _ID].hex()
    row = transaction.row(KEY, {"key_id": key_id})
    if row is None:
        return None
    start = 1 + _ID + _NONCE
    try:
        key = unwrap_key(transaction.seal, key_id, bytes(row[0]))
        return key.decrypted(stored[1 + _ID : start], stored[start:], _about(decision_id, what))
    except InvalidTag as error:
        remedy = "find out what was changed with `heed ledger verify`"
        message = f"the {what} of a decision is not what was recorded"
        raise Tampered(message, field="decision_id", value=decision_id, remedy=remedy) from error


def decrypt_text(transaction: Transaction, decision_id: str, what: str, stored: str | None) -> str | None:
    """The same for a column of text; None also where there is nothing."""
    if not stored:
        return None
    try:
        sealed = b64decode(stored, validate=True)
    except ValueError:
        # No sealed text looks like this, so it opens as little as one that was changed within.
        sealed = stored.encode()
    found = decrypt(transaction, decision_id, what, sealed)
    return None if found is None else found.decode()


def erased_error(decision_id: str) -> CustomerErased:
    """The error for what cannot be read any more."""
    return CustomerErased("the customer of this decision was erased", field="decision_id", value=decision_id)


def _about(decision_id: str, what: str) -> bytes:
    return f"{what}\0{decision_id}".encode()


@lru_cache(maxsize=8)
def _wrapping(key: bytes) -> AESGCM:
    # Deriving a key costs as much as ten decisions' worth of sealing.
    return AESGCM(derive_key(key, _PURPOSE))
