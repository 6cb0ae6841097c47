"""What callers may send. Unknown fields are refused, and errors do not repeat personal data into logs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from decisioning.catalogue import Action, MessageClass
from decisioning.customer import ConsentStatus, ContactPoint, Suppression
from decisioning.decision import Explain
from decisioning.verdict import Effect
from serving.fields import Counter, Id, Moment, Name, PersonId, Text, Values, Word, whole
from serving.ledger.reports import (
    ConsentReport,
    ContactReport,
    CustomerReport,
    ObjectionReport,
    OutcomeReport,
    SignalReport,
)
from serving.ledger.stopping import Order

WHOLE = "*"


class Request(BaseModel):
    """Base of all requests: strict, frozen, and silent about values."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class InlineCustomer(Request):
    """What the caller knows of the customer at this moment; it overlays the record, and never widens consent."""

    attributes: Values = Field(default_factory=dict)
    time_zone: Name | None = None
    jurisdiction: Name | None = None


def _each_once(named: list[str]) -> list[str]:
    if len(set(named)) < len(named):
        raise ValueError("a candidate is named twice")
    return named


Candidates = Annotated[
    list[Id],
    Field(min_length=1, max_length=1000, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]


class DecideRequest(Request):
    """One decision."""

    customer_id: PersonId
    customer: InlineCustomer | None = None
    candidates: Candidates | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.CHOSEN


class DecideBatchRequest(Request):
    """Many decisions, each answered on its own."""

    requests: Annotated[list[DecideRequest], Field(min_length=1, max_length=1000)]


class ScoreRequest(Request):
    """Scores and contributions for candidates: no verdicts, no ledger, no side effects."""

    customer_id: PersonId
    customer: InlineCustomer | None = None
    candidates: Candidates | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.NONE


class ContactPointIn(Request):
    """An address, number or device under an opaque name: never the address itself."""

    contact_point: PersonId
    channel: Word
    time_zones: Annotated[
        list[Name],
        Field(max_length=50, description="Every zone that it may be in; a toll-free number may be in many."),
    ] = Field(default_factory=list)

    def known(self) -> ContactPoint:
        """The same, in the words of the vocabulary."""
        return ContactPoint(self.contact_point, self.channel, tuple(self.time_zones))


class SuppressionIn(Request):
    """An order not to contact on one channel, or on all, which ``*`` says as well as leaving it out."""

    reason: Text
    recorded_at: Moment
    channel: Annotated[Word | None, AfterValidator(lambda named: None if named == WHOLE else named)] = None
    until: Moment | None = None


class CustomerIn(Request):
    """A customer as the source system knows it; what is left out stays as it is."""

    customer_id: PersonId
    attributes: Values = Field(default_factory=dict)
    time_zone: Name | None = None
    jurisdiction: Name | None = None
    contact_points: Annotated[list[ContactPointIn], Field(max_length=100)] = Field(default_factory=list)
    suppressions: Annotated[list[SuppressionIn], Field(max_length=100)] = Field(default_factory=list)
    identity: Annotated[
        float | None,
        Field(ge=0, le=1, allow_inf_nan=False, description="Probability that all under this id is of one person."),
    ] = None

    def report(self) -> CustomerReport:
        """The same, as the ledger takes it."""
        return CustomerReport(
            customer_id=self.customer_id,
            attributes=self.attributes,
            time_zone=self.time_zone,
            jurisdiction=self.jurisdiction,
            contact_points=tuple(one.known() for one in self.contact_points),
            suppressions=tuple(Suppression(**dict(one)) for one in self.suppressions),
            identity=self.identity,
        )


_EXACT: JsonDict = {"not": {"pattern": r"^\s*\*\s*$"}}
_GRANTS_ARE_EXACT: JsonDict = {
    "anyOf": [
        {"properties": {"status": {"const": ConsentStatus.WITHDRAWN.value}}},
        {"properties": {"channel": _EXACT, "purpose": _EXACT}},
    ]
}


class ConsentIn(Request):
    """One statement of consent. A withdrawal may cover every channel or purpose by ``*``; a grant may not."""

    model_config = ConfigDict(json_schema_extra=_GRANTS_ARE_EXACT)

    consent_id: Id
    customer_id: PersonId
    channel: Word
    purpose: Word
    status: ConsentStatus
    recorded_at: Moment
    contact_point: PersonId | None = None
    basis: Name | None = None
    expires_at: Moment | None = None
    topic: Word | None = None

    @model_validator(mode="after")
    def _grants_are_exact(self) -> "ConsentIn":
        if self.status is ConsentStatus.GRANTED and WHOLE in (self.channel, self.purpose):
            raise ValueError("a grant must name one channel and one purpose; only a withdrawal may cover all by `*`")
        return self

    def report(self) -> ConsentReport:
        """The same, as the ledger takes it."""
        return ConsentReport(**dict(self))


class SignalIn(Request):
    """An observed event."""

    signal_id: Id
    customer_id: PersonId
    at: Moment
    type: Word
    channel: Word | None = None
    certainty: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None

    def report(self) -> SignalReport:
        """The same, as the ledger takes it."""
        return SignalReport(**dict(self))


def _required(*names: str) -> JsonDict:
    told: JsonDict = {name: {"type": "string"} for name in names}
    return {"required": list(names), "properties": told}


class ObjectionIn(Request):
    """An objection to marketing: of a customer, of a contact point, or of both. It has no end and is never deleted."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_required("customer_id"), _required("contact_point")]})

    objection_id: Id | None = None
    customer_id: PersonId | None = None
    contact_point: PersonId | None = None
    recorded_at: Moment

    @model_validator(mode="after")
    def _says_who(self) -> "ObjectionIn":
        if self.customer_id is None and self.contact_point is None:
            raise ValueError("an objection names a `customer_id`, a `contact_point`, or both")
        return self

    def report(self) -> ObjectionReport:
        """The same, as the ledger takes it."""
        return ObjectionReport(**dict(self))


class ContactIn(Request):
    """A contact that was made, by heed's decision (`decision_id`) or by another tool, or one that failed."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [_required("decision_id"), _required("action_id", "channel", "purpose")]}
    )

    contact_id: Id
    customer_id: PersonId
    at: Moment
    status: Literal["executed", "failed"] = "executed"
    decision_id: Id | None = None
    action_id: Id | None = None
    channel: Word | None = None
    purpose: Word | None = None
    category: Word | None = None
    message_class: MessageClass = MessageClass.MARKETING
    source: Name | None = None
    cost: Annotated[float | None, Field(ge=0, le=2**53, allow_inf_nan=False)] = None

    @model_validator(mode="after")
    def _says_what_was_sent(self) -> "ContactIn":
        missing = [name for name in ("action_id", "channel", "purpose") if getattr(self, name) is None]
        if self.decision_id is None and missing:
            raise ValueError(f"a contact that names no `decision_id` needs {', '.join(f'`{one}`' for one in missing)}")
        return self

    def report(self, costs: Mapping[str, Action]) -> ContactReport:
        """The same, as the ledger takes it; what it does not say of its cost the catalogue does."""
        known = costs.get(self.action_id or "")
        told = self.cost if self.cost is not None else 0.0 if known is None else known.cost
        return ContactReport(**{**dict(self), "cost": told})


class OutcomeIn(Request):
    """What happened."""

    outcome_id: Id
    customer_id: PersonId
    type: Word
    at: Moment
    decision_id: Id | None = None
    contact_id: Id | None = None
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None

    def report(self) -> OutcomeReport:
        """The same, as the ledger takes it."""
        return OutcomeReport(**dict(self))


class MergeRequest(Request):
    """The other customer, who turned out to be the same person."""

    from_: Annotated[PersonId, Field(alias="from")]


_Many = Field(min_length=1, max_length=10_000)


class CustomersIn(Request):
    """Customers, many at once."""

    customers: Annotated[list[CustomerIn], _Many]


class ConsentsIn(Request):
    """Consents, many at once."""

    consents: Annotated[list[ConsentIn], _Many]


class SignalsIn(Request):
    """Signals, many at once."""

    signals: Annotated[list[SignalIn], _Many]


class ContactsIn(Request):
    """Contacts, many at once."""

    contacts: Annotated[list[ContactIn], _Many]


class ObjectionsIn(Request):
    """Objections, many at once."""

    objections: Annotated[list[ObjectionIn], _Many]


class OutcomesIn(Request):
    """Outcomes, many at once."""

    outcomes: Annotated[list[OutcomeIn], _Many]


class ClaimRequest(Request):
    """Take a case, for as long as a claim lasts."""

    reviewer: Name


class SettleRequest(Request):
    """Settle a claimed case; `fence` is the number that the claim returned."""

    reviewer: Name
    fence: Counter
    note: Text | None = None


class OverrideRequest(SettleRequest):
    """Settle a claimed case with another admissible candidate of its decision."""

    action_id: Id


Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class ResumeRequest(Request):
    """What to resume, and why: exactly what an order to stop named. Without a name it is everything."""

    reason: Reason
    by: Name
    channel: Word | None = None
    action_id: Id | None = None
    message_class: MessageClass | None = None

    def order(self) -> Order:
        """What the ledger records."""
        return Order(self.reason, self.by, Effect.SUPPRESS, self.channel, self.action_id, self.message_class)


class StopRequest(ResumeRequest):
    """What to stop, and why: a channel, an action, a message class, what is all of those named, or everything."""

    disposition: Literal["hold", "review"] = "hold"

    def order(self) -> Order:
        """What the ledger records."""
        effect = Effect.SUPPRESS if self.disposition == "hold" else Effect.REVIEW
        return replace(super().order(), effect=effect)


class PolicyDiffRequest(Request):
    """A policy that might take effect, to be compared with another on recorded decisions.

    `old` is the policy in force where it is left out, `since` is 30 days ago, and `by` is an attribute of customers.
    """

    policy: Annotated[str, Field(max_length=500_000)]
    old: Annotated[str, Field(max_length=500_000)] | None = None
    since: Moment | None = None
    by: Name | None = None
    limit: Annotated[int, Field(ge=1, le=2000), BeforeValidator(whole)] = 1000


class PolicyText(Request):
    """A policy file's text."""

    policy: Annotated[str, Field(max_length=500_000)]
