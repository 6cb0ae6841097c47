"""Facts on their way in. Each carries its sender's own id and is taken once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import ConsentStatus, ContactPoint, Suppression


@dataclass(frozen=True, slots=True)
class CustomerReport:
    """What a source system knows of a customer. What is left out stays as it is.

    Attributes
    ----------
    attributes : mapping of str to scalar
        Laid over those on record, key by key.
    contact_points : sequence of ContactPoint
        All of them; none leaves those on record.
    suppressions : sequence of Suppression
        Added to those on record; one that is already there counts once.
    identity : float or None
        Probability in [0, 1] that all that is reported under this id is of one person.
    """

    customer_id: str
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    time_zone: str | None = None
    jurisdiction: str | None = None
    contact_points: Sequence[ContactPoint] = ()
    suppressions: Sequence[Suppression] = ()
    identity: float | None = None


@dataclass(frozen=True, slots=True)
class ConsentReport:
    """One statement of consent or withdrawal, as `decisioning.customer.Consent`, with its id."""

    consent_id: str
    customer_id: str
    channel: str
    purpose: str
    status: ConsentStatus
    recorded_at: datetime
    contact_point: str | None = None
    basis: str | None = None
    expires_at: datetime | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectionReport:
    """An objection to marketing, of a customer, a contact point, or both; without an id its content is its identity.

    Attributes
    ----------
    customer_id, contact_point : str or None
        At least one. A contact point stands for every customer who has it now or later.
    """

    recorded_at: datetime
    customer_id: str | None = None
    contact_point: str | None = None
    objection_id: str | None = None


@dataclass(frozen=True, slots=True)
class SignalReport:
    """One observed event, as `decisioning.customer.Signal`, with its id."""

    signal_id: str
    customer_id: str
    at: datetime
    type: str
    channel: str | None = None
    certainty: float = 1.0
    value: float | None = None


@dataclass(frozen=True, slots=True)
class ContactReport:
    """A contact that was made or failed.

    One that names `decision_id` tells the fate of that decision's reservation and needs nothing else. One that does
    not was made by another tool (`source`), says what was sent, and counts towards the caps as well.

    Attributes
    ----------
    cost : float
        What a contact by another tool cost, in the catalogue's currency, for budgets; at least 0.
    """

    contact_id: str
    customer_id: str
    at: datetime
    status: Literal["executed", "failed", "released"] = "executed"
    decision_id: str | None = None
    action_id: str | None = None
    channel: str | None = None
    purpose: str | None = None
    category: str | None = None
    message_class: MessageClass = MessageClass.MARKETING
    source: str | None = None
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """What happened. ``opt_out``, ``unsubscribe`` and ``complaint`` withdraw consent as they are recorded."""

    outcome_id: str
    customer_id: str
    type: str
    at: datetime
    decision_id: str | None = None
    contact_id: str | None = None
    value: float | None = None
