"""The customer, as far as known: attributes, contact points, consents, contacts, signals and outcomes."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from operator import attrgetter

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import MessageClass
from heed.decisioning.kill_switch import Stop

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AT = attrgetter("at")


def microseconds(moment: datetime) -> int:
    """Microseconds from 1970 in UTC to an aware time, exactly."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


class ConsentStatus(StrEnum):
    """What the customer said last. There is no member for silence: unknown means no."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class ContactState(StrEnum):
    """State of a contact slot. Reserved and executed slots count towards caps, released ones do not."""

    RESERVED = "reserved"
    EXECUTED = "executed"
    RELEASED = "released"


@dataclass(frozen=True)
class ContactPoint:
    """An address, number or device of the customer, under an opaque name.

    Attributes
    ----------
    time_zones : tuple of str
        Every zone that it may be in, by its area code or network. A toll-free number may be in many.
    """

    contact_point: str
    channel: str
    time_zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Consent:
    """One statement about one channel and purpose.

    Attributes
    ----------
    contact_point : str or None
        The contact point it is about. None means every contact point of the channel.
    basis : str or None
        Legal basis of a grant: express, implied, soft opt-in and so on, as the policy names it.
    expires_at : datetime or None
        First moment at which a grant no longer holds.
    topic : str or None
        Subject within the purpose. None means every topic.
    """

    channel: str
    purpose: str
    status: ConsentStatus
    recorded_at: datetime
    contact_point: str | None = None
    basis: str | None = None
    expires_at: datetime | None = None
    topic: str | None = None


@dataclass(frozen=True)
class Objection:
    """An objection to marketing (GDPR, Article 21(2)). No purpose outweighs it, and it does not expire.

    Attributes
    ----------
    contact_point : str or None
        The contact point on the objection list. None where the customer objected for all.
    """

    recorded_at: datetime
    contact_point: str | None = None


@dataclass(frozen=True)
class Suppression:
    """An order not to contact, for one channel or (None) for all, until a moment or (None) for good."""

    reason: str
    recorded_at: datetime
    channel: str | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """An observed event: evidence, with a certainty in (0, 1]."""

    type: str
    at: datetime
    channel: str | None = None
    certainty: float = 1.0
    value: float | None = None


@dataclass(frozen=True)
class Signals:
    """A history of signals in columns: hundreds of events that are read, stored and replayed together.

    Attributes
    ----------
    at : tuple of int
        Microseconds since 1970 in UTC, exact.
    type, channel, certainty, value : tuple
        As in `Signal`, one entry per event.
    """

    type: tuple[str, ...] = ()
    at: tuple[int, ...] = ()
    channel: tuple[str | None, ...] = ()
    certainty: tuple[float, ...] = ()
    value: tuple[float | None, ...] = ()

    @classmethod
    def of(cls, signals: Iterable[Signal]) -> "Signals":
        """The history that these signals make, in the order given."""
        rows = [
            (signal.type, microseconds(signal.at), signal.channel, signal.certainty, signal.value) for signal in signals
        ]
        return cls(*zip(*rows, strict=True)) if rows else cls()

    def has_any(self, types: Iterable[str]) -> bool:
        """Whether a signal of one of these types is among them."""
        return not self._types.isdisjoint(types)

    # Cached values have a leading underscore, so that orjson leaves them out of receipts.
    @cached_property
    def _types(self) -> frozenset[str]:
        return frozenset(self.type)

    def __len__(self) -> int:
        return len(self.at)

    def __iter__(self) -> Iterator[Signal]:
        for kind, at, channel, certainty, value in zip(
            self.type, self.at, self.channel, self.certainty, self.value, strict=True
        ):
            yield Signal(kind, EPOCH + timedelta(microseconds=at), channel, certainty, value)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact slot: reserved, executed or released."""

    action_id: str
    channel: str
    purpose: str
    category: str
    at: datetime
    message_class: MessageClass = MessageClass.MARKETING
    state: ContactState = ContactState.EXECUTED

    @property
    def counts(self) -> bool:
        """Whether the slot counts towards caps."""
        return self.state is not ContactState.RELEASED


@dataclass(frozen=True, slots=True)
class OutcomeEvent:
    """An outcome: a purchase, a complaint, an opt-out.

    Attributes
    ----------
    action_id : str or None
        The action of the contact that caused it, where known.
    """

    type: str
    at: datetime
    action_id: str | None = None


@dataclass(frozen=True)
class Customer:
    """One customer with all that is known. Histories are in order of time, oldest first.

    Attributes
    ----------
    identity : float or None
        Probability in [0, 1] that all of this belongs to one person, from identity resolution. None where unknown.
    reported_at : datetime or None
        When the profile was last reported, None where it never was.
    """

    customer_id: str
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    time_zone: str | None = None
    jurisdiction: str | None = None
    contact_points: tuple[ContactPoint, ...] = ()
    consents: tuple[Consent, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    signals: Signals = Signals()
    contacts: tuple[Contact, ...] = ()
    outcomes: tuple[OutcomeEvent, ...] = ()
    objections: tuple[Objection, ...] = ()
    identity: float | None = None
    reported_at: datetime | None = None

    def counted_contacts_since(self, moment: datetime) -> tuple[Contact, ...]:
        """The contacts after a moment that count towards caps, oldest first; those dated in the future included."""
        return self._counting[bisect_right(self._counting_at, moment) :]

    # As above, orjson leaves these out.
    @cached_property
    def _counting(self) -> tuple[Contact, ...]:
        return tuple(sorted((contact for contact in self.contacts if contact.counts), key=_AT))

    @cached_property
    def _counting_at(self) -> tuple[datetime, ...]:
        return tuple(map(_AT, self._counting))


@dataclass(frozen=True, slots=True)
class Volume:
    """Contacts made with one action, over all customers, in one interval.

    Attributes
    ----------
    since, until : datetime
        The half-open interval.
    contacts : int
        Slots reserved or executed in it.
    spent : float
        Their costs, in the catalogue's currency.
    """

    action_id: str
    since: datetime
    until: datetime
    contacts: int
    spent: float = 0.0


@dataclass(frozen=True)
class Facts:
    """All that a decision may look at. Nothing is fetched later, so every decision can be replayed.

    Attributes
    ----------
    customer : Customer
        The customer the decision is about.
    now : datetime
        The moment of the decision, with an offset.
    context : mapping of str to scalar
        Further facts of the moment (page, device, campaign), used as features.
    volumes : tuple of Volume or None
        Recent contacts of all customers. None where they were not counted.
    stops : tuple of Stop
        Active orders to stop.
    """

    customer: Customer
    now: datetime
    context: Mapping[str, Scalar] = field(default_factory=dict)
    volumes: tuple[Volume, ...] | None = None
    stops: tuple[Stop, ...] = ()
