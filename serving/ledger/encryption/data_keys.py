"""Every customer has a data key of their own. What is personal is encrypted under it, and is gone when it is deleted.

AES-256-GCM (NIST SP 800-38D) with a random nonce. The id of the record and the name of the part are authenticated with
it, so that no ciphertext can be put in the place of another. The key is random, one per customer, and kept wrapped
under a key derived from the ledger's. `docs/erasure.md` tells what deleting it means for copies of the record.
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
from sqlalchemy import bindparam, cast, delete, exists, insert, select, update

from heed.decisioning.canonical import canonical_json
from heed.serving.errors import CustomerErased, Tampered
from heed.serving.ledger.backend.key_ring import SETTING, KeyRing, derive_key, wrap_secret
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Query, Transaction
from heed.serving.ledger.schema import LIMIT, OF_WHOM, customers, data_keys, pick, seals

_KEY_ID_BYTES, _NONCE_BYTES = 16, 12

_FORMAT = b"\x01"
# The parts of a decision that are encrypted; the names are authenticated with the ciphertext and never change.
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

    def encrypt(self, decision_id: str, what: str, content: bytes) -> bytes:
        """The content, readable with this key alone and as this part of this decision alone."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._aead.encrypt(nonce, content, _associated_data(decision_id, what))
        return b"".join((_FORMAT, bytes.fromhex(self.key_id), nonce, ciphertext))

    def encrypt_text(self, decision_id: str, what: str, content: str | bytes) -> str:
        """The same for a column of text."""
        plain = content.encode() if isinstance(content, str) else content
        return b64encode(self.encrypt(decision_id, what, plain)).decode()

    def encrypt_value(self, what: str, own_id: str, value: object) -> str:
        """A value of a fact as JSON, readable with this key alone and as this part of this fact alone."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._aead.encrypt(nonce, canonical_json(value), _associated_data(own_id, what))
        return b64encode(nonce + ciphertext).decode()

    def decrypt_value(self, what: str, own_id: str, stored: str) -> Any:
        """What was encrypted as this part of this fact.

        Raises
        ------
        Tampered
            If it was encrypted as something else or under another key, or changed.
        """
        try:
            raw = b64decode(stored, validate=True)
            nonce, ciphertext = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return orjson.loads(self._aead.decrypt(nonce, ciphertext, _associated_data(own_id, what)))
        except (InvalidTag, ValueError) as error:
            remedy = "restore the customer's row from a backup, or erase the customer"
            raise Tampered(f"the {what} of a fact is not what was recorded", field="ledger", remedy=remedy) from error

    def decrypt(self, nonce: bytes, ciphertext: bytes, associated: bytes) -> bytes:
        """The content; `InvalidTag` if it was encrypted under another key, or as something else."""
        return self._aead.decrypt(nonce, ciphertext, associated)

    def derive(self, purpose: bytes) -> bytes:
        """A key of 32 bytes for one purpose: BLAKE2b under the key (RFC 7693, 2.9)."""
        return blake2b(purpose, key=self.secret, digest_size=32).digest()


# A process that was started with a key that the ledger no longer has must wrap nothing under it.
_COLUMNS = ("key_id", "customer_id", "wrapped", "created_at")
_ADD_KEY = insert(data_keys).from_select(
    _COLUMNS,
    select(*[cast(bindparam(name), data_keys.c[name].type) for name in _COLUMNS]).where(
        exists().where(seals.c.mark == bindparam("under"))
    ),
)


def get_or_create_key(transaction: Transaction, now: datetime, customer_id: str) -> DataKey:
    """The customer's key, made now if there is none."""
    found = get_key(transaction, customer_id)
    if found is not None:
        return found
    made = DataKey(os.urandom(_KEY_ID_BYTES).hex(), os.urandom(32))
    values = {"key_id": made.key_id, "customer_id": customer_id, "wrapped": wrap_key(transaction.key_ring, made)}
    if not transaction.run(_ADD_KEY, {**values, "created_at": to_micros(now), "under": transaction.key_ring.mark}):
        raise wrong_key_error()
    return made


_KEY_OF_CUSTOMER = pick(data_keys, "key_id wrapped").where(data_keys.c.customer_id == OF_WHOM)


def key_query(customer_id: str) -> Query:
    """The query of :func:`get_key`."""
    return _KEY_OF_CUSTOMER, {"customer_id": customer_id}


def get_key(transaction: Transaction, customer_id: str) -> DataKey | None:
    """The customer's key, None where there is none."""
    row = transaction.row(*key_query(customer_id))
    return None if row is None else unwrap_key(transaction.key_ring, row[0], bytes(row[1]))


def wrap_key(key_ring: KeyRing, key: DataKey) -> bytes:
    """A customer's key as it is stored."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _wrapping_cipher(key_ring.key).encrypt(nonce, key.secret, key.key_id.encode())


def unwrap_key(key_ring: KeyRing, key_id: str, stored: bytes) -> DataKey:
    """The customer's key that is stored like this.

    Raises
    ------
    Tampered
        If it was wrapped under another key of the ledger, or changed.
    """
    try:
        secret = _wrapping_cipher(key_ring.key).decrypt(stored[:_NONCE_BYTES], stored[_NONCE_BYTES:], key_id.encode())
    except InvalidTag as error:
        raise wrong_key_error() from error
    return DataKey(key_id, secret)


_MARK = select(seals.c.mark)


def require_current_key(transaction: Transaction) -> None:
    """Refuse to go on under a key that the ledger no longer has.

    Raises
    ------
    Tampered
        If the ledger's key was rotated since it was opened.
    """
    row = transaction.row(_MARK, {})
    if row is not None and row[0] != transaction.key_ring.mark:
        raise wrong_key_error()


def wrong_key_error() -> Tampered:
    """The error for what is wrapped under another key than the one at hand."""
    message = "a customer's key is not wrapped under the key that this process was started with"
    return Tampered(message, field=SETTING, remedy="start again with the present key of the ledger")


_KEY = select(data_keys.c.wrapped).where(data_keys.c.key_id == bindparam("key_id"))


def decrypt(transaction: Transaction, decision_id: str, what: str, stored: bytes) -> bytes | None:
    """What was encrypted as this part of this decision; None where the key is gone.

    Raises
    ------
    Tampered
        If it was encrypted as something else, or changed.
    """
    key_id = stored[1 : 1 + _KEY_ID_BYTES].hex()
    row = transaction.row(_KEY, {"key_id": key_id})
    if row is None:
        return None
    start = 1 + _KEY_ID_BYTES + _NONCE_BYTES
    try:
        key = unwrap_key(transaction.key_ring, key_id, bytes(row[0]))
        return key.decrypt(stored[1 + _KEY_ID_BYTES : start], stored[start:], _associated_data(decision_id, what))
    except InvalidTag as error:
        remedy = "find out what was changed with `heed ledger verify`"
        message = f"the {what} of a decision is not what was recorded"
        raise Tampered(message, field="decision_id", value=decision_id, remedy=remedy) from error


def decrypt_text(transaction: Transaction, decision_id: str, what: str, stored: str | None) -> str | None:
    """The same for a column of text; None also where there is nothing."""
    if not stored:
        return None
    try:
        raw = b64decode(stored, validate=True)
    except ValueError:
        # No encrypted text looks like this, so it is decrypted as little as one that was changed within.
        raw = stored.encode()
    content = decrypt(transaction, decision_id, what, raw)
    return None if content is None else content.decode()


def erased_error(decision_id: str) -> CustomerErased:
    """The error for what cannot be read any more."""
    return CustomerErased("the customer of this decision was erased", field="decision_id", value=decision_id)


def _associated_data(decision_id: str, what: str) -> bytes:
    return f"{what}\0{decision_id}".encode()


_WRAPPING_PURPOSE = b"heed wrapping of customers' keys"


@lru_cache(maxsize=8)
def _wrapping_cipher(key: bytes) -> AESGCM:
    # Deriving a key costs as much as encrypting ten decisions.
    return AESGCM(derive_key(key, _WRAPPING_PURPOSE))


_KEYS_PER_READ = 500
_KEYS_AFTER = (
    pick(data_keys, "key_id wrapped")
    .where(data_keys.c.key_id > bindparam("after"))
    .order_by(data_keys.c.key_id)
    .limit(LIMIT)
)
_REWRAP = update(data_keys).where(data_keys.c.key_id == bindparam("key")).values(wrapped=bindparam("again"))
_CHANGE_MARK = update(seals).values(mark=bindparam("new_mark"), lasting=bindparam("secret"))


def rewrap_all(transaction: Transaction, new: KeyRing) -> int:
    """Wrap every customer's key under another key of the ledger, and make it the ledger's; how many keys there are."""
    count, last = 0, ""
    while rows := transaction.rows(_KEYS_AFTER, {"after": last, "limit": _KEYS_PER_READ}):
        for key_id, stored in rows:
            again = wrap_key(new, unwrap_key(transaction.key_ring, key_id, bytes(stored)))
            transaction.run(_REWRAP, {"key": key_id, "again": again})
        count, last = count + len(rows), rows[-1][0]
    transaction.run(_CHANGE_MARK, {"new_mark": new.mark, "secret": wrap_secret(new)})
    return count


_HAS_KEY = select(data_keys.c.key_id).where(data_keys.c.customer_id == OF_WHOM)


def has_key(transaction: Transaction, customer_id: str) -> bool:
    """Whether the customer has a key."""
    return transaction.row(_HAS_KEY, {"customer_id": customer_id}) is not None


_DELETE_KEY = delete(data_keys).where(data_keys.c.customer_id == OF_WHOM)


def delete_key(transaction: Transaction, customer_id: str) -> None:
    """Delete the key of a customer who is erased: what is encrypted under it can never be read again."""
    transaction.run(_DELETE_KEY, {"customer_id": customer_id})


# Decisions are never rewritten: those about a customer who was merged into this one keep that one's key.
_MERGED = select(customers.c.customer_id).where(customers.c.merged_into == OF_WHOM)

KEYS_OF_PERSON = select(data_keys.c.key_id).where(
    (data_keys.c.customer_id == OF_WHOM) | data_keys.c.customer_id.in_(_MERGED)
)
