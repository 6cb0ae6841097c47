"""What facts say of a person, sealed under the customer's own key: everything that describes or reaches somebody.

What a statement looks for stays outside: ids and times, channel and purpose, and what was consented. A contact point is
looked for by its keyed hash, the type of a signal by one under the customer's key.
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
from heed.serving.ledger.encryption import batch
from heed.serving.ledger.encryption.data_keys import DataKey, get_key, get_or_create_key
from heed.serving.ledger.queries.customers import CONTACT_POINTS

PROFILE, CONTACT_POINT, BASIS, REASON, VALUE = "profile", "contact_point", "basis", "reason", "value"
_SIGNALS, _TYPES = b"heed signals", b"heed types of signals"

SignalEntry = Sequence[Any]
"""Type, time in microseconds, channel, certainty and value of one signal."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a customer that no other table says."""

    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    time_zone: str | None = None
    jurisdiction: str | None = None
    identity: float | None = None


def sealed_profile(key: DataKey, profile: Profile) -> str:
    """A profile as it is kept."""
    told = [dict(profile.attributes), profile.time_zone, profile.jurisdiction, profile.identity]
    return key.sealed_fact(PROFILE, "", told)


def profile_of(key: DataKey | None, stored: str | None) -> Profile:
    """A profile from how it is kept; an empty one where nothing was told."""
    return Profile() if stored is None else Profile(*needed(key).fact(PROFILE, "", stored))


def sealed_point(key: DataKey, hashed: str, point: ContactPoint) -> str:
    """A contact point and its zones as they are kept beside its hash."""
    return key.sealed_fact(CONTACT_POINT, hashed, [point.contact_point, list(point.time_zones)])


def contact_points(transaction: Transaction, customer_id: str, key: DataKey | None) -> tuple[ContactPoint, ...]:
    """The customer's contact points in the order of the report."""
    return tuple(
        [
            point_of(key, hashed, channel, sealed)
            for hashed, channel, sealed in transaction.rows(CONTACT_POINTS, {"customer_id": customer_id})
        ]
    )


def point_of(key: DataKey | None, hashed: str, channel: str, sealed: str) -> ContactPoint:
    """A contact point from how it is kept."""
    name, zones = needed(key).fact(CONTACT_POINT, hashed, sealed)
    return ContactPoint(name, channel, tuple(zones))


def shown(key: DataKey | None, what: str, own_id: str, stored: str | None) -> Any:
    """A sealed value of a fact; None where there is none."""
    return None if stored is None else needed(key).fact(what, own_id, stored)


def needed(key: DataKey | None) -> DataKey:
    """The key of a customer of whom something sealed is on record.

    Raises
    ------
    Tampered
        If it is gone and what it sealed is not: no erasure leaves that.
    """
    if key is None:
        raise Tampered("the key of a customer is missing", field="ledger", remedy="restore it, or erase the customer")
    return key


def sealed_signals(key: DataKey, entries: Sequence[SignalEntry]) -> list[bytes]:
    """Each signal as it is kept."""
    return batch.encrypt_batch(key.derived(_SIGNALS), [orjson.dumps(one) + b"," for one in entries])


def signals_of(key: DataKey | None, stored: bytes | None) -> list[SignalEntry]:
    """Any number of signals from how they are kept, in the order given."""
    if not stored:
        return []
    texts = batch.decrypt_batch(needed(key).derived(_SIGNALS), stored)
    try:
        found: list[SignalEntry] = orjson.loads(b"[%b]" % texts.rstrip(b", "))
    except ValueError as error:
        remedy = "restore the customer's signals from a backup, or erase the customer"
        raise Tampered("a signal is not what was recorded", field="ledger", remedy=remedy) from error
    return found


_SEALED = {
    "consent": (CONTACT_POINT, BASIS),
    "suppression": (REASON,),
    "outcome": (VALUE,),
}


def readable(key: DataKey | None, kind: str, own_id: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """What a fact of this kind says, from the columns that are kept of it.

    Parameters
    ----------
    kind : str
        ``consent``, ``suppression``, ``outcome``, ``signal``, ``contact_point`` or ``customer``; of any other nothing
        is sealed.
    """
    if kind == "signal":
        kind_of, _, channel, certainty, value = signals_of(key, columns["entry"])[0]
        told = {"type": kind_of, "channel": channel, "certainty": certainty, "value": value}
        return {**{name: column for name, column in columns.items() if name != "entry"}, **told}
    if kind == "contact_point":
        point = point_of(key, columns["contact_point"], columns["channel"], columns["sealed"])
        told = {"contact_point": point.contact_point, "time_zones": list(point.time_zones)}
        return {**{name: column for name, column in columns.items() if name != "sealed"}, **told}
    if kind == "customer":
        profile = profile_of(key, columns["profile"])
        told = {name: getattr(profile, name) for name in ("attributes", "time_zone", "jurisdiction", "identity")}
        return {**{name: column for name, column in columns.items() if name != "profile"}, **told}
    return {**columns, **{name: shown(key, name, own_id, columns[name]) for name in _SEALED.get(kind, ())}}


def hashed_type(key: DataKey, kind: str) -> str:
    """What tells one type of a customer's signals from another: 128 bits under the customer's key."""
    return blake2b(kind.encode(), key=key.derived(_TYPES), digest_size=16).hexdigest()


Closing = Callable[[Transaction, datetime, str, Mapping[str, object]], Mapping[str, object]]
"""Turns the content of a fact with this id into the columns that are kept."""

Opening = Callable[[Transaction, str, Row], Sequence[object]]
"""Turns the columns that are kept of the fact with this id back into its content."""


def as_told(
    transaction: Transaction,  # noqa: ARG001 - the shape of a closing
    now: datetime,  # noqa: ARG001
    own_id: str,  # noqa: ARG001
    content: Mapping[str, object],
) -> Mapping[str, object]:
    """Nothing of the fact is sealed."""
    return content


def as_kept(transaction: Transaction, own_id: str, row: Row) -> Sequence[object]:  # noqa: ARG001 - an opening's shape
    """Nothing of the fact is sealed."""
    return row


def closing(*names: str) -> Closing:
    """Seals these values of a fact under the key of its customer."""

    def close(
        transaction: Transaction, now: datetime, own_id: str, content: Mapping[str, object]
    ) -> Mapping[str, object]:
        told = {name: content[name] for name in names if content[name] is not None}
        if not told:
            return content
        key = get_or_create_key(transaction, now, str(content["customer_id"]))
        return {**content, **{name: key.sealed_fact(name, own_id, value) for name, value in told.items()}}

    return close


def opening(columns: Sequence[str], *names: str) -> Opening:
    """Opens these columns of a fact whose first column is its customer."""
    places = {columns.index(name): name for name in names}

    def open_(transaction: Transaction, own_id: str, row: Row) -> Sequence[object]:
        if all(row[place] is None for place in places):
            return row
        key = get_key(transaction, row[0])
        return [
            shown(key, places[place], own_id, value) if place in places else value for place, value in enumerate(row)
        ]

    return open_
