"""Contacts, consents and contact points of many customers as columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import attrgetter

import numpy as np

from decisioning.catalogue import MessageClass
from decisioning.customer import Consent, ConsentStatus, Contact, ContactState, Customer
from guardrails.columns.coding import Codes, Moments, coded, kinds, moments, names, owners

WHOLE_CHANNEL = 0
# Later than any time in a column, and early enough to be added to one.
FOREVER = 2**61
_OFFER = attrgetter("channel", "purpose", "category", "action_id")
_ZONES = attrgetter("time_zones")
_ABOUT = attrgetter("channel", "purpose", "basis", "topic")


@dataclass(frozen=True)
class Contacts:
    """Contacts of all customers, by customer and, within, oldest first.

    Attributes
    ----------
    owner : array of int, shape (contacts,)
        Place of the customer.
    at : array of int, shape (contacts,)
        Microseconds since 1970 in UTC.
    kind : array of int, shape (contacts,)
        Place in `kinds`.
    kinds : sequence of Contact
        One contact of each kind: all of a kind are alike to a cap, but for the time.
    """

    owner: Codes
    at: Moments
    kind: Codes
    kinds: Sequence[Contact]


@dataclass(frozen=True)
class Consents:
    """Statements of all customers, in the order in which customers hold them.

    Attributes
    ----------
    owner : array of int, shape (statements,)
        Place of the customer.
    at, until : array of int, shape (statements,)
        When it was recorded and when it ends by its own words, in microseconds since 1970.
    point : array of int, shape (statements,)
        Code of the contact point, `WHOLE_CHANNEL` where it is about all of the channel.
    kind : array of int, shape (statements,)
        Place in `kinds`.
    kinds : sequence of Consent
        One statement of each kind: all of a kind agree but for times and contact points.
    """

    owner: Codes
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
    owner, point, channel : array of int, shape (points,)
        Place of the customer, code of the contact point, place in `channels`.
    zoned : bool
        Whether any of them says in which time zones it may be.
    """

    owner: Codes
    point: Codes
    channel: Codes
    channels: Sequence[str]
    zoned: bool


@dataclass(frozen=True)
class Permissions:
    """Consents and contact points, with contact points coded alike in both.

    Attributes
    ----------
    codes : int
        All codes of contact points are below it.
    """

    consents: Consents
    points: ContactPoints
    codes: int


def contacts_of(customers: Sequence[Customer], since: datetime) -> Contacts:
    """All contacts after `since` as columns."""
    histories = [[one for one in customer.contacts if one.at > since] for customer in customers]
    contacts = list(chain.from_iterable(histories))
    owner, at = owners(histories), moments([one.at for one in contacts])
    marketing = [one.message_class is MessageClass.MARKETING for one in contacts]
    released = [one.state is ContactState.RELEASED for one in contacts]
    kind, examples = kinds(contacts, _OFFER, marketing, released)
    if np.any((at[1:] < at[:-1]) & (owner[1:] == owner[:-1])):
        order = np.lexsort((at, owner))
        owner, at, kind = owner[order], at[order], kind[order]
    return Contacts(owner, at, kind, examples)


def permissions_of(customers: Sequence[Customer]) -> Permissions:
    """All consents and contact points as columns."""
    said = [customer.consents for customer in customers]
    held = [customer.contact_points for customer in customers]
    consents, known = list(chain.from_iterable(said)), list(chain.from_iterable(held))
    about, point = names([one.contact_point for one in consents], [one.contact_point for one in known])
    channel, first = coded([one.channel for one in known])
    channels = [known[place].channel for place in first]
    points = ContactPoints(owners(held), point, channel, channels, any(map(_ZONES, known)))
    at = moments([one.recorded_at for one in consents])
    kind, examples = kinds(consents, _ABOUT, [one.status is ConsentStatus.WITHDRAWN for one in consents])
    statements = Consents(owners(said), at, _ends(consents), about, kind, examples)
    return Permissions(statements, points, 1 + max(int(about.max(initial=0)), int(point.max(initial=0))))


def _ends(consents: Sequence[Consent]) -> Moments:
    ends = [one.expires_at for one in consents]
    until = np.full(len(ends), FOREVER, dtype=np.int64)
    places = [place for place, end in enumerate(ends) if end is not None]
    until[places] = moments([end for end in ends if end is not None])
    return until
