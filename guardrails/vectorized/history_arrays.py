"""Contacts, consents and contact points of many customers as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, compress, repeat
from operator import attrgetter, is_not, lt
from typing import cast

import numpy as np

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Consent, ConsentStatus, Contact, ContactPoint, ContactState, Customer
from heed.guardrails.vectorized.integer_codes import (
    Codes,
    CodeTable,
    Moments,
    Places,
    attribute_is,
    encode_kinds,
    offsets,
    to_microseconds,
)

WHOLE_CHANNEL = 0
# Later than any time in a column, and early enough to be added to one.
FOREVER = 2**61
_BLOCK = 4096
_OFFER = attrgetter("channel", "purpose", "category", "action_id")
_ZONES = attrgetter("time_zones")
_CHANNEL = attrgetter("channel")
_POINT = attrgetter("contact_point")
_AT = attrgetter("at")
_RECORDED_AT = attrgetter("recorded_at")
_EXPIRES_AT = attrgetter("expires_at")
_ABOUT = attrgetter("channel", "purpose", "basis", "topic")


@dataclass(frozen=True)
class Contacts:
    """Contacts of all customers, by customer and then oldest first.

    Attributes
    ----------
    owner : array of int, shape (contacts,)
        Index of the customer.
    at : array of int, shape (contacts,)
        Microseconds since 1970 in UTC.
    kind : array of int, shape (contacts,)
        Index in `kinds`.
    kinds : sequence of Contact
        One contact of each kind; contacts of one kind differ only in time.
    """

    owner: Codes
    at: Moments
    kind: Codes
    kinds: Sequence[Contact]


@dataclass(frozen=True)
class Consents:
    """Consent statements of all customers, in each customer's own order.

    Attributes
    ----------
    first : array of int, shape (customers + 1,)
        Index of the first statement of each customer, and the end of the last.
    at, until : array of int, shape (statements,)
        When it was recorded, and when it expires by its own terms, in microseconds since 1970.
    point : array of int, shape (statements,)
        Code of the contact point, `WHOLE_CHANNEL` where it covers the channel.
    kind : array of int, shape (statements,)
        Index in `kinds`.
    kinds : sequence of Consent
        One statement of each kind; statements of one kind differ only in times and contact points.
    """

    first: Places
    at: Moments
    until: Moments
    point: Codes
    kind: Codes
    kinds: Sequence[Consent]


@dataclass(frozen=True)
class ContactPoints:
    """Contact points of all customers, by customer.

    Attributes
    ----------
    first : array of int, shape (customers + 1,)
        Index of the first contact point of each customer, and the end of the last.
    point, channel : array of int, shape (points,)
        Code of the contact point, and index in `channels`.
    zoned : bool
        Whether any of them states its possible time zones.
    """

    first: Places
    point: Codes
    channel: Codes
    channels: Sequence[str]
    zoned: bool


@dataclass(frozen=True)
class Permissions:
    """Consents and contact points; contact points have the same codes in both."""

    consents: Consents
    points: ContactPoints


def contacts_of(customers: Sequence[Customer], since: datetime) -> Contacts:
    """All contacts after `since` as arrays."""
    histories = [customer.contacts for customer in customers]
    every, first = list(chain.from_iterable(histories)), offsets(histories)
    recent = np.fromiter(map(lt, repeat(since), map(_AT, every)), dtype=np.bool_, count=len(every))
    contacts = list(compress(every, recent))
    owner, at = _owners(first)[recent], to_microseconds(map(_AT, contacts))
    marketing = attribute_is(contacts, "message_class", MessageClass.MARKETING)
    kind, examples = encode_kinds(contacts, _OFFER, marketing, attribute_is(contacts, "state", ContactState.RELEASED))
    if np.any((at[1:] < at[:-1]) & (owner[1:] == owner[:-1])):
        order = np.lexsort((at, owner))
        owner, at, kind = owner[order], at[order], kind[order]
    return Contacts(owner, at, kind, examples)


def permissions_of(customers: Sequence[Customer]) -> Permissions:
    """All consents and contact points as arrays."""
    statements = [customer.consents for customer in customers]
    profiles = [customer.contact_points for customer in customers]
    consents, points_held = list(chain.from_iterable(statements)), list(chain.from_iterable(profiles))
    about, point = _points(statements, profiles)
    channel, examples = encode_kinds(points_held, _CHANNEL)
    channels = [point.channel for point in examples]
    points = ContactPoints(offsets(profiles), point, channel, channels, any(map(_ZONES, points_held)))
    kind, consent_examples = encode_kinds(consents, _ABOUT, attribute_is(consents, "status", ConsentStatus.WITHDRAWN))
    at = to_microseconds(map(_RECORDED_AT, consents))
    return Permissions(Consents(offsets(statements), at, _ends(consents), about, kind, consent_examples), points)


def _owners(first: Places) -> Codes:
    """For every entry, the index of its history."""
    return np.repeat(np.arange(len(first) - 1, dtype=np.int32), np.diff(first))


def _points(statements: Sequence[Sequence[Consent]], profiles: Sequence[Sequence[ContactPoint]]) -> tuple[Codes, Codes]:
    """Codes of the contact points in statements and in profiles, equal within each customer."""
    about, point = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.int32)]
    for start in range(0, len(statements), _BLOCK):
        # Names rarely repeat across customers, and small tables are fast.
        coding, block = CodeTable({None: WHOLE_CHANNEL}), slice(start, start + _BLOCK)
        about.append(coding.column(map(_POINT, chain.from_iterable(statements[block]))))
        point.append(coding.column(map(_POINT, chain.from_iterable(profiles[block]))))
    return np.concatenate(about), np.concatenate(point)


def _ends(consents: Sequence[Consent]) -> Moments:
    ends = list(map(_EXPIRES_AT, consents))
    until = np.full(len(ends), FOREVER, dtype=np.int64)
    given = np.fromiter(map(is_not, ends, repeat(None)), dtype=np.bool_, count=len(ends))
    until[given] = to_microseconds(compress(cast(list[datetime], ends), given))
    return until
