"""The form of a policy case.

A case is a YAML file: a sentence of purpose, a policy (the name of a file beside `default.yaml`, a path relative to
the case, or a policy written out), the moment, a customer, an action, and the expectation. Absent fields have the
defaults of heed's domain model. With `confidence`, `net_value` or `harm`, the rules over the chosen action are
evaluated as well; `certificate` is the model's certificate.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import Action, MessageClass
from heed.decisioning.certificate import Certificate, Evidence, Loss
from heed.decisioning.customer import (
    Consent,
    ConsentStatus,
    Contact,
    ContactPoint,
    ContactState,
    Customer,
    Facts,
    Objection,
    OutcomeEvent,
    Signal,
    Signals,
    Suppression,
    Volume,
)
from heed.decisioning.verdict import Effect
from heed.guardrails.field_types import Name, NormalizedName, StrictModel

Text = Annotated[str, Field(min_length=1)]


class CaseConsent(StrictModel):
    """One statement of the customer; see :class:`heed.decisioning.customer.Consent`."""

    channel: NormalizedName
    purpose: NormalizedName
    status: ConsentStatus
    recorded_at: AwareDatetime
    contact_point: Name | None = None
    basis: NormalizedName | None = None
    expires_at: AwareDatetime | None = None
    topic: NormalizedName | None = None


class CaseSuppression(StrictModel):
    """One entry of the suppression list; see :class:`heed.decisioning.customer.Suppression`."""

    recorded_at: AwareDatetime
    reason: Text = "case"
    channel: NormalizedName | None = None
    until: AwareDatetime | None = None


class CaseContact(StrictModel):
    """One contact slot; see :class:`heed.decisioning.customer.Contact`."""

    channel: NormalizedName
    at: AwareDatetime
    purpose: NormalizedName = "marketing"
    category: NormalizedName = "general"
    action_id: Name = "earlier"
    message_class: MessageClass = MessageClass.MARKETING
    state: ContactState = ContactState.EXECUTED


class CasePoint(StrictModel):
    """One contact point of which more is known than its channel.

    See :class:`heed.decisioning.customer.ContactPoint`.
    """

    channel: NormalizedName
    time_zones: tuple[Name, ...] = ()


class CaseSignal(StrictModel):
    """One signal; see :class:`heed.decisioning.customer.Signal`."""

    type: NormalizedName
    at: AwareDatetime
    channel: NormalizedName | None = None
    certainty: float = 1.0
    value: float | None = None


class CaseOutcomeEvent(StrictModel):
    """One outcome; see :class:`heed.decisioning.customer.OutcomeEvent`."""

    type: NormalizedName
    at: AwareDatetime
    action_id: Name | None = None


class CaseObjection(StrictModel):
    """One entry of the objection list; see :class:`heed.decisioning.customer.Objection`."""

    recorded_at: AwareDatetime
    contact_point: Name | None = None


class CaseVolume(StrictModel):
    """Contacts of all customers; see :class:`heed.decisioning.customer.Volume`."""

    since: AwareDatetime
    until: AwareDatetime
    contacts: int
    spent: float = 0.0
    action_id: Name = "candidate"


class CaseCustomer(StrictModel):
    """The customer; `contact_points` maps names to channels, or to channels with time zones."""

    customer_id: Name = "case"

    attributes: Mapping[str, Scalar] = {}
    time_zone: str | None = None
    jurisdiction: str | None = None
    contact_points: Mapping[Name, NormalizedName | CasePoint] = {}
    consents: tuple[CaseConsent, ...] = ()
    suppressions: tuple[CaseSuppression, ...] = ()
    contacts: tuple[CaseContact, ...] = ()
    signals: tuple[CaseSignal, ...] = ()
    outcomes: tuple[CaseOutcomeEvent, ...] = ()
    objections: tuple[CaseObjection, ...] = ()
    identity: float | None = None
    reported_at: AwareDatetime | None = None

    def customer(self) -> Customer:
        """The same as a value of the domain model."""
        return Customer(
            customer_id=self.customer_id,
            attributes=dict(self.attributes),
            time_zone=self.time_zone,
            jurisdiction=self.jurisdiction,
            contact_points=tuple(_point(name, one) for name, one in self.contact_points.items()),
            consents=tuple(Consent(**dict(consent)) for consent in self.consents),
            suppressions=tuple(Suppression(**dict(suppression)) for suppression in self.suppressions),
            contacts=tuple(Contact(**dict(contact)) for contact in self.contacts),
            signals=Signals.of(Signal(**dict(signal)) for signal in self.signals),
            outcomes=tuple(OutcomeEvent(**dict(outcome)) for outcome in self.outcomes),
            objections=tuple(Objection(**dict(objection)) for objection in self.objections),
            identity=self.identity,
            reported_at=self.reported_at,
        )


def _point(name: str, given: str | CasePoint) -> ContactPoint:
    point = CasePoint(channel=given) if isinstance(given, str) else given
    return ContactPoint(name, point.channel, point.time_zones)


class CaseAction(StrictModel):
    """The candidate; see :class:`heed.decisioning.catalogue.Action`."""

    channel: NormalizedName
    action_id: Name = "candidate"
    purpose: NormalizedName = "marketing"
    category: NormalizedName = "general"
    message_class: MessageClass = MessageClass.MARKETING
    topic: NormalizedName | None = None
    value: float = 10.0
    cost: float = 0.0
    eligibility: Text | None = None

    def action(self) -> Action:
        """The same as a value of the domain model."""
        return Action(**dict(self), outcome="conversion", window_days=7.0)


class CaseCertificate(StrictModel):
    """The model's certificate; see :class:`heed.decisioning.certificate.Certificate`.

    Attributes
    ----------
    same_terms : bool
        Whether it was issued for the net values of the case's policy and action.
    """

    loss: Loss = Loss.HARM
    alpha: float = 0.02
    delta: float = 0.1
    threshold: float = 0.8
    certified_at: AwareDatetime
    valid_until: AwareDatetime
    same_terms: bool = True

    def certificate(self, weighing: str) -> Certificate:
        """The same as a value of the domain model, for net values of this digest."""
        stated = self.model_dump(exclude={"same_terms"})
        return Certificate(
            **stated,
            evidence=Evidence(contacts=1000, customers=900, executed=500, risk=0.01, upper=0.02),
            method="binomial",
            grid=(self.threshold,),
            data_digest="case",
            model_digest="case",
            weighing=weighing if self.same_terms else "other",
            sealed=True,
            assumptions=(),
        )


class Expectation(StrictModel):
    """The expected result.

    Attributes
    ----------
    effect : Effect
        Combined effect of all verdicts.
    rules : tuple of str
        The decisive rules: those of the strongest effect, in the order of the policy. None for allow.
    eligible_at : datetime or None
        When the decisive rule ends; checked only where given.
    """

    effect: Effect
    rules: tuple[str, ...] = ()
    eligible_at: AwareDatetime | None = None


class Case(StrictModel):
    """One case."""

    purpose: Text
    policy: str | Mapping[str, Any] = "default"
    now: AwareDatetime
    customer: CaseCustomer = CaseCustomer()
    context: Mapping[str, Scalar] = {}
    action: CaseAction
    confidence: float | None = None
    net_value: float | None = None
    harm: float | None = None
    certificate: CaseCertificate | None = None
    volumes: tuple[CaseVolume, ...] | None = None
    expect: Expectation

    def facts(self) -> Facts:
        """The facts for the rules."""
        volumes = None if self.volumes is None else tuple(Volume(**dict(volume)) for volume in self.volumes)
        return Facts(self.customer.customer(), self.now, dict(self.context), volumes)

    @property
    def chosen(self) -> bool:
        """Whether the rules over the chosen action are evaluated."""
        return self.confidence is not None or self.net_value is not None or self.harm is not None


def format_end(moment: datetime | None) -> str:
    """Text of a moment in a message."""
    return "unknown" if moment is None else moment.isoformat()
