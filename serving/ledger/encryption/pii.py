"""What facts say of a person, encrypted under the customer's own key.

What a statement searches by stays outside: ids and times, channel and purpose, and what was consented. A contact point
is searched by its keyed hash, the type of a signal by a hash under the customer's key.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

import orjson

from heed.decisioning.canonical import Scalar
from heed.decisioning.customer import ContactPoint
from heed.serving.errors import Tampered
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.encryption.batch import decrypt_batch, encrypt_batch
from heed.serving.ledger.encryption.data_keys import DataKey, get_key, get_or_create_key


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a customer that no other table says."""

    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    time_zone: str | None = None
    jurisdiction: str | None = None
    identity: float | None = None


PROFILE, CONTACT_POINT, BASIS, REASON, VALUE = "profile", "contact_point", "basis", "reason", "value"


def encrypt_profile(key: DataKey, profile: Profile) -> str:
    """A profile as it is stored."""
    plain = [dict(profile.attributes), profile.time_zone, profile.jurisdiction, profile.identity]
    return key.encrypt_value(PROFILE, "", plain)


def decrypt_profile(key: DataKey | None, stored: str | None) -> Profile:
    """The profile that is stored like this; an empty one where nothing was reported."""
    return Profile() if stored is None else Profile(*require_key(key).decrypt_value(PROFILE, "", stored))


def encrypt_contact_point(key: DataKey, hashed: str, point: ContactPoint) -> str:
    """A contact point and its zones as they are stored beside its hash."""
    return key.encrypt_value(CONTACT_POINT, hashed, [point.contact_point, list(point.time_zones)])


def decrypt_contact_point(key: DataKey | None, hashed: str, channel: str, stored: str) -> ContactPoint:
    """The contact point that is stored like this."""
    name, zones = require_key(key).decrypt_value(CONTACT_POINT, hashed, stored)
    return ContactPoint(name, channel, tuple(zones))


def decrypt_value(key: DataKey | None, what: str, own_id: str, stored: str | None) -> Any:
    """An encrypted value of a fact; None where there is none."""
    return None if stored is None else require_key(key).decrypt_value(what, own_id, stored)


def require_key(key: DataKey | None) -> DataKey:
    """The key of a customer of whom something encrypted is on record.

    Raises
    ------
    Tampered
        If it is gone and what it encrypted is not: no erasure leaves that.
    """
    if key is None:
        raise Tampered("the key of a customer is missing", field="ledger", remedy="restore it, or erase the customer")
    return key


SignalFields = Sequence[Any]
"""Type, time in microseconds, channel, certainty and value of one signal."""

_SIGNALS_PURPOSE, _SIGNAL_TYPES_PURPOSE = b"heed signals", b"heed types of signals"


def encrypt_signals(key: DataKey, entries: Sequence[SignalFields]) -> list[bytes]:
    """Each signal as it is stored."""
    return encrypt_batch(key.derive(_SIGNALS_PURPOSE), [orjson.dumps(fields) + b"," for fields in entries])


def decrypt_signals(key: DataKey | None, stored: bytes | None) -> list[SignalFields]:
    """The signals that are stored like this, in the order given."""
    if not stored:
        return []
    texts = decrypt_batch(require_key(key).derive(_SIGNALS_PURPOSE), stored)
    try:
        found: list[SignalFields] = orjson.loads(b"[%b]" % texts.rstrip(b", "))
    except ValueError as error:
        remedy = "restore the customer's signals from a backup, or erase the customer"
        raise Tampered("a signal is not what was recorded", field="ledger", remedy=remedy) from error
    return found


_ENCRYPTED_COLUMNS = {
    "consent": (CONTACT_POINT, BASIS),
    "suppression": (REASON,),
    "outcome": (VALUE,),
}


def decrypt_columns(key: DataKey | None, kind: str, own_id: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """What a fact of this kind says, from its stored columns.

    Parameters
    ----------
    kind : str
        ``consent``, ``suppression``, ``outcome``, ``signal``, ``contact_point`` or ``customer``; of any other nothing
        is encrypted.
    """
    if kind == "signal":
        kind_of, _, channel, certainty, value = decrypt_signals(key, columns["entry"])[0]
        plain = {"type": kind_of, "channel": channel, "certainty": certainty, "value": value}
        return {**{name: column for name, column in columns.items() if name != "entry"}, **plain}
    if kind == "contact_point":
        point = decrypt_contact_point(key, columns["contact_point"], columns["channel"], columns["sealed"])
        plain = {"contact_point": point.contact_point, "time_zones": list(point.time_zones)}
        return {**{name: column for name, column in columns.items() if name != "sealed"}, **plain}
    if kind == "customer":
        profile = decrypt_profile(key, columns["profile"])
        plain = {name: getattr(profile, name) for name in ("attributes", "time_zone", "jurisdiction", "identity")}
        return {**{name: column for name, column in columns.items() if name != "profile"}, **plain}
    return {
        **columns,
        **{name: decrypt_value(key, name, own_id, columns[name]) for name in _ENCRYPTED_COLUMNS.get(kind, ())},
    }


def hash_signal_type(key: DataKey, kind: str) -> str:
    """What tells one type of a customer's signals from another: 128 bits under the customer's key."""
    return blake2b(kind.encode(), key=key.derive(_SIGNAL_TYPES_PURPOSE), digest_size=16).hexdigest()


def keep_plain(
    transaction: Transaction,  # noqa: ARG001 - the shape of an encryptor
    now: datetime,  # noqa: ARG001
    own_id: str,  # noqa: ARG001
    content: Mapping[str, object],
) -> Mapping[str, object]:
    """Nothing of the fact is encrypted."""
    return content


def read_plain(transaction: Transaction, own_id: str, row: Row) -> Sequence[object]:  # noqa: ARG001 - a decryptor's shape
    """Nothing of the fact is encrypted."""
    return row


Encryptor = Callable[[Transaction, datetime, str, Mapping[str, object]], Mapping[str, object]]
"""Turns the content of a fact with this id into the columns that are stored."""


def encrypting(*names: str) -> Encryptor:
    """Encrypts these values of a fact under the key of its customer."""

    def encrypt(
        transaction: Transaction, now: datetime, own_id: str, content: Mapping[str, object]
    ) -> Mapping[str, object]:
        plain = {name: content[name] for name in names if content[name] is not None}
        if not plain:
            return content
        key = get_or_create_key(transaction, now, str(content["customer_id"]))
        return {**content, **{name: key.encrypt_value(name, own_id, value) for name, value in plain.items()}}

    return encrypt


Decryptor = Callable[[Transaction, str, Row], Sequence[object]]
"""Turns the stored columns of the fact with this id back into its content."""


def decrypting(columns: Sequence[str], *names: str) -> Decryptor:
    """Decrypts these columns of a fact whose first column is its customer."""
    places = {columns.index(name): name for name in names}

    def decrypt(transaction: Transaction, own_id: str, row: Row) -> Sequence[object]:
        if all(row[place] is None for place in places):
            return row
        key = get_key(transaction, row[0])
        return [
            decrypt_value(key, places[place], own_id, value) if place in places else value
            for place, value in enumerate(row)
        ]

    return decrypt
