"""Many customers at one moment, with what rules look at as columns, each made when first asked for."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from operator import attrgetter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from decisioning.canonical import Scalar
from decisioning.catalogue import Action
from decisioning.customer import EPOCH, Consent, Contact, Customer, Facts, Volume, microseconds
from guardrails.cel import CelType, fitted
from guardrails.columns.expression import TYPES
from guardrails.variables import BUILT_IN

Codes = NDArray[np.int32]
Moments = NDArray[np.int64]
WHOLE_CHANNEL = 0
# Microseconds since 1970 are exact as floats until the year 2255.
LATEST_YEAR = 2250
_LATEST = microseconds(datetime(LATEST_YEAR, 1, 1, tzinfo=UTC))
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
# Readers of what customers are do not look at the action that they are handed.
ANY = Action("", "", "", "", 0.0, "", 0.0)
_KIND = attrgetter("channel", "purpose", "category", "action_id", "message_class", "state")
_STATEMENT = attrgetter("channel", "purpose", "status", "basis", "topic")


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
        One contact of each kind: all of a kind have the same properties but for the time.
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
        When it was recorded and when it ends, in microseconds since 1970.
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
    point: Moments
    kind: Codes
    kinds: Sequence[Consent]


@dataclass(frozen=True)
class ContactPoints:
    """Contact points of all customers, by customer.

    Attributes
    ----------
    owner, point, channel : array of int, shape (points,)
        Place of the customer, code of the contact point, place in `channels`.
    """

    owner: Codes
    point: Moments
    channel: Codes
    channels: Sequence[str]


@dataclass(frozen=True)
class Population:
    """The facts of many decisions made at one moment in one context.

    Attributes
    ----------
    customers : sequence of Customer
        In the order of the rows of all columns.
    """

    customers: Sequence[Customer]
    now: datetime
    context: Mapping[str, Scalar]
    volumes: tuple[Volume, ...] | None = None

    def __len__(self) -> int:
        return len(self.customers)

    def facts(self, place: int) -> Facts:
        """The facts of one decision."""
        return Facts(self.customers[place], self.now, self.context, self.volumes)

    @cached_property
    def odd(self) -> tuple[int, ...]:
        """Places of customers whose times cannot stand in columns; usually none."""
        try:
            times = (self.contacts.at, self.consents.at)
            fits = all(len(one) == 0 or one.max() < _LATEST for one in times)
        except TypeError:  # a time without an offset
            fits = False
        return () if fits else tuple(i for i, customer in enumerate(self.customers) if _out_of_range(customer))

    def without(self, places: Sequence[int]) -> "Population":
        """The same with customers of whom nothing is known in these places."""
        gone = frozenset(places)
        left = [Customer("") if place in gone else one for place, one in enumerate(self.customers)]
        return replace(self, customers=left)

    @cached_property
    def contacts(self) -> Contacts:
        """All contacts as columns."""
        histories = [customer.contacts for customer in self.customers]
        contacts = list(chain.from_iterable(histories))
        owner = np.repeat(np.arange(len(histories), dtype=np.int32), [len(one) for one in histories])
        at = moments(one.at for one in contacts)
        kind, first = coded(map(_KIND, contacts))
        order = np.lexsort((at, owner))
        return Contacts(owner[order], at[order], kind[order], [contacts[place] for place in first])

    @cached_property
    def consents(self) -> Consents:
        """All consents as columns."""
        histories = [customer.consents for customer in self.customers]
        consents = list(chain.from_iterable(histories))
        owner = np.repeat(np.arange(len(histories), dtype=np.int32), [len(one) for one in histories])
        kind, first = coded(map(_STATEMENT, consents))
        ends = moments(one.expires_at or FOREVER for one in consents)
        points = np.fromiter((self._point(one.contact_point) for one in consents), dtype=np.int64, count=len(consents))
        at = moments(one.recorded_at for one in consents)
        return Consents(owner, at, ends, points, kind, [consents[place] for place in first])

    @cached_property
    def points(self) -> ContactPoints:
        """All contact points as columns, each once."""
        found = [{(one.channel, one.contact_point) for one in customer.contact_points} for customer in self.customers]
        owner = np.repeat(np.arange(len(found), dtype=np.int32), [len(one) for one in found])
        pairs = list(chain.from_iterable(found))
        channel, first = coded(one for one, _ in pairs)
        point = np.fromiter((self._point(name) for _, name in pairs), dtype=np.int64, count=len(pairs))
        return ContactPoints(owner, point, channel, [pairs[place][0] for place in first])

    @cached_property
    def codes(self) -> dict[str | None, int]:
        """Codes of contact points, given out as they are met."""
        return {None: WHOLE_CHANNEL}

    def _point(self, name: str | None) -> int:
        return self.codes.setdefault(name, len(self.codes))

    @cached_property
    def jurisdictions(self) -> tuple[Codes, list[int]]:
        """Code of each customer's jurisdiction, and a customer of each."""
        return coded(customer.jurisdiction for customer in self.customers)

    def grouped(self, key: Callable[[Customer], Hashable]) -> tuple[Codes, list[int]]:
        """Code of each customer's key, and the first customer of each."""
        return coded(map(key, self.customers))

    def column(self, name: str, kind: CelType) -> pl.Series:
        """Values of a variable of customers in conditions, null where unknown."""
        if name in BUILT_IN:
            values = [fitted(BUILT_IN[name][1](self.facts(place), ANY), kind) for place in range(len(self))]
        else:
            attribute = name.partition(".")[2]
            values = [fitted(customer.attributes.get(attribute), kind) for customer in self.customers]
        return pl.Series(name, values, dtype=TYPES[kind])


def coded(keys: Iterable[Hashable]) -> tuple[Codes, list[int]]:
    """A code for each key, counted from 0 in the order in which they first come, and where each first came."""
    known: dict[Hashable, int] = {}
    codes = np.fromiter((known.setdefault(key, len(known)) for key in keys), dtype=np.int32)
    first = np.full(len(known), len(codes), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(codes)))
    return codes, first.tolist()


def moments(times: Iterable[datetime]) -> Moments:
    """Microseconds since 1970 of aware times, exactly."""
    since = np.array([one - EPOCH for one in times], dtype="timedelta64[us]")
    return since.astype(np.int64)


def _out_of_range(customer: Customer) -> bool:
    """Whether a time of the customer's cannot stand in a column: one without an offset, or centuries ahead."""
    ends = [one.expires_at for one in customer.consents if one.expires_at is not None]
    times = [*(one.at for one in customer.contacts), *(one.recorded_at for one in customer.consents), *ends]
    return any(one.tzinfo is None or one.year >= LATEST_YEAR - 1 for one in times)
