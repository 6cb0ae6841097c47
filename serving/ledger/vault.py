"""What is personal in the record is sealed under a key of the customer's own, and is gone with that key.

AES-256-GCM (NIST SP 800-38D) with a random nonce; the decision's id and what part of it this is are authenticated with
it, so that nothing sealed can be put in the place of something else. The key is random, one for each customer, and kept
wrapped under a key derived from the ledger's. Deleting it makes what was sealed unreadable in every copy of the record.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serving.errors import Erased, Tampered
from serving.ledger.queries.keys import ADD_KEY, KEY, KEY_OF_CUSTOMER
from serving.ledger.sealing import Seal
from serving.ledger.times import micros
from serving.ledger.transaction import Transaction

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

    def sealed(self, decision_id: str, what: str, content: bytes) -> bytes:
        """The content, readable with this key alone and as this part of this decision alone."""
        nonce = os.urandom(_NONCE)
        closed = AESGCM(self.secret).encrypt(nonce, content, _about(decision_id, what))
        return b"".join((_FORM, bytes.fromhex(self.key_id), nonce, closed))

    def sealed_text(self, decision_id: str, what: str, content: str | bytes) -> str:
        """The same for a column of text."""
        plain = content.encode() if isinstance(content, str) else content
        return b64encode(self.sealed(decision_id, what, plain)).decode()


def key_for(transaction: Transaction, now: datetime, customer_id: str) -> DataKey:
    """The customer's key, made now if there is none."""
    row = transaction.row(KEY_OF_CUSTOMER, {"customer_id": customer_id})
    if row is not None:
        return DataKey(row[0], _unwrapped(transaction.seal, row[0], bytes(row[1])))
    made = DataKey(os.urandom(_ID).hex(), os.urandom(32))
    wrapped = _wrapped(transaction.seal, made)
    values = {"key_id": made.key_id, "customer_id": customer_id, "wrapped": wrapped, "created_at": micros(now)}
    transaction.run(ADD_KEY, values)
    return made


def opened(transaction: Transaction, decision_id: str, what: str, stored: bytes) -> bytes | None:
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
        secret = _unwrapped(transaction.seal, key_id, bytes(row[0]))
        return AESGCM(secret).decrypt(stored[1 + _ID : start], stored[start:], _about(decision_id, what))
    except InvalidTag as error:
        remedy = "find out what was changed with `heed ledger verify`"
        message = f"the {what} of a decision is not what was recorded"
        raise Tampered(message, field="decision_id", value=decision_id, remedy=remedy) from error


def opened_text(transaction: Transaction, decision_id: str, what: str, stored: str | None) -> str | None:
    """The same for a column of text; None also where there is nothing."""
    if not stored:
        return None
    try:
        sealed = b64decode(stored, validate=True)
    except ValueError:
        # No sealed text looks like this, so it opens as little as one that was changed within.
        sealed = stored.encode()
    found = opened(transaction, decision_id, what, sealed)
    return None if found is None else found.decode()


def erased(decision_id: str) -> Erased:
    """The error for what cannot be read any more."""
    return Erased("the customer of this decision was erased", field="decision_id", value=decision_id)


def _about(decision_id: str, what: str) -> bytes:
    return f"{what}\0{decision_id}".encode()


def _wrapped(seal: Seal, key: DataKey) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + _wrapping(seal.key).encrypt(nonce, key.secret, key.key_id.encode())


def _unwrapped(seal: Seal, key_id: str, wrapped: bytes) -> bytes:
    return _wrapping(seal.key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], key_id.encode())


@lru_cache(maxsize=8)
def _wrapping(key: bytes) -> AESGCM:
    # Deriving a key costs as much as ten decisions' worth of sealing.
    return AESGCM(Seal(key).derived(_PURPOSE))
