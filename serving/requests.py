"""What callers may send. Unknown fields are refused, and errors do not repeat personal data into logs."""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from decisioning.catalogue import MessageClass
from decisioning.customer import ConsentStatus, ContactPoint, Suppression
from decisioning.decision import Explain
from serving.ledger.reports import ConsentReport, ContactReport, CustomerReport, OutcomeReport, SignalReport

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
# Booleans before numbers and no coercion: `true` stays a boolean and "1" stays a text.
Value = (
    Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | Annotated[str, Field(strict=True, max_length=1000)]
    | None
)
Values = Annotated[dict[Name, Value], Field(max_length=500)]
Text = Annotated[str, Field(max_length=2000)]
WHOLE = "*"
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def _written(value: object) -> datetime:
    """Read RFC 3339 and nothing else: no numbers, no dates, no times without an offset."""
    if not isinstance(value, str) or _RFC3339.fullmatch(value) is None:
        raise ValueError("a time is text such as 2026-03-01T09:30:00+01:00 (RFC 3339, with an offset)")
    return datetime.fromisoformat(value.upper())


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time whose UTC form lies outside the years 1 to 9999") from error


Moment = Annotated[AwareDatetime, BeforeValidator(_written, json_schema_input_type=datetime), AfterValidator(_in_utc)]


class Request(BaseModel):
    """Base of all requests: strict, frozen, and silent about values."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class InlineCustomer(Request):
    """What the caller knows of the customer at this moment; it overlays the record, and never widens consent."""

    attributes: Values = Field(default_factory=dict)
    time_zone: Name | None = None
    jurisdiction: Name | None = None


class DecideRequest(Request):
    """One decision."""

    customer_id: Id
    customer: InlineCustomer | None = None
    candidates: Annotated[list[Id], Field(min_length=1, max_length=1000)] | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.CHOSEN

    @model_validator(mode="after")
    def _no_candidate_twice(self) -> "DecideRequest":
        named = self.candidates or []
        if len(set(named)) < len(named):
            raise ValueError("a candidate is named twice in `candidates`")
        return self


class DecideBatchRequest(Request):
    """Many decisions, each answered on its own."""

    requests: Annotated[list[DecideRequest], Field(min_length=1, max_length=1000)]


class ScoreRequest(Request):
    """Scores and contributions for candidates: no verdicts, no ledger, no side effects."""

    customer_id: Id
    customer: InlineCustomer | None = None
    candidates: Annotated[list[Id], Field(min_length=1, max_length=1000)] | None = None
    context: Values = Field(default_factory=dict)
    explain: Explain = Explain.NONE


class ContactPointIn(Request):
    """An address, number or device under an opaque name: never the address itself."""

    contact_point: Id
    channel: Name


class SuppressionIn(Request):
    """An order not to contact."""

    reason: Text
    recorded_at: Moment
    channel: Name | None = None
    until: Moment | None = None


class CustomerIn(Request):
    """A customer as the source system knows it; what is left out stays as it is."""

    customer_id: Id
    attributes: Values = Field(default_factory=dict)
    time_zone: Name | None = None
    jurisdiction: Name | None = None
    contact_points: Annotated[list[ContactPointIn], Field(max_length=100)] = Field(default_factory=list)
    suppressions: Annotated[list[SuppressionIn], Field(max_length=100)] = Field(default_factory=list)

    def report(self) -> CustomerReport:
        """The same, as the ledger takes it."""
        return CustomerReport(
            customer_id=self.customer_id,
            attributes=self.attributes,
            time_zone=self.time_zone,
            jurisdiction=self.jurisdiction,
            contact_points=tuple(ContactPoint(**dict(one)) for one in self.contact_points),
            suppressions=tuple(Suppression(**dict(one)) for one in self.suppressions),
        )


class ConsentIn(Request):
    """One statement of consent. A withdrawal may cover every channel or purpose by ``*``; a grant may not."""

    consent_id: Id
    customer_id: Id
    channel: Name
    purpose: Name
    status: ConsentStatus
    recorded_at: Moment
    contact_point: Id | None = None
    basis: Name | None = None
    expires_at: Moment | None = None

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
    customer_id: Id
    at: Moment
    type: Name
    channel: Name | None = None
    certainty: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None

    def report(self) -> SignalReport:
        """The same, as the ledger takes it."""
        return SignalReport(**dict(self))


class ContactIn(Request):
    """A contact that was made, by heed's decision (`decision_id`) or by another tool, or one that failed."""

    contact_id: Id
    customer_id: Id
    at: Moment
    status: Literal["executed", "failed"] = "executed"
    decision_id: Id | None = None
    action_id: Id | None = None
    channel: Name | None = None
    purpose: Name | None = None
    category: Name | None = None
    message_class: MessageClass = MessageClass.MARKETING
    source: Name | None = None

    @model_validator(mode="after")
    def _says_what_was_sent(self) -> "ContactIn":
        missing = [name for name in ("action_id", "channel", "purpose") if getattr(self, name) is None]
        if self.decision_id is None and missing:
            raise ValueError(f"a contact that names no `decision_id` needs {', '.join(f'`{one}`' for one in missing)}")
        return self

    def report(self) -> ContactReport:
        """The same, as the ledger takes it."""
        return ContactReport(**dict(self))


class OutcomeIn(Request):
    """What happened."""

    outcome_id: Id
    customer_id: Id
    type: Name
    at: Moment
    decision_id: Id | None = None
    contact_id: Id | None = None
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None

    def report(self) -> OutcomeReport:
        """The same, as the ledger takes it."""
        return OutcomeReport(**dict(self))


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


class OutcomesIn(Request):
    """Outcomes, many at once."""

    outcomes: Annotated[list[OutcomeIn], _Many]


class ClaimRequest(Request):
    """Take a case, for as long as a claim lasts."""

    reviewer: Name


class SettleRequest(Request):
    """Settle a claimed case; `fence` is the number that the claim returned."""

    reviewer: Name
    fence: Annotated[int, Field(ge=1, le=2**53)]
    note: Text | None = None


class OverrideRequest(SettleRequest):
    """Settle a claimed case with another admissible candidate of its decision."""

    action_id: Id


class PolicyText(Request):
    """A policy file's text."""

    policy: Annotated[str, Field(max_length=1_000_000)]
