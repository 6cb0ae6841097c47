"""Requests that record facts: consents, signals, objections, contacts and outcomes."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from heed.decisioning.catalogue import Action, MessageClass
from heed.decisioning.customer import ConsentStatus
from heed.serving.ledger.facts.reports import ConsentReport, ContactReport, ObjectionReport, OutcomeReport, SignalReport
from heed.serving.schemas.customer_requests import ALL, BULK
from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Id, Moment, Name, PersonId, Word

_EXACT: JsonDict = {"not": {"pattern": r"^\s*\*\s*$"}}
_GRANTS_ARE_EXACT: JsonDict = {
    "anyOf": [
        {"properties": {"status": {"const": ConsentStatus.WITHDRAWN.value}}},
        {"properties": {"channel": _EXACT, "purpose": _EXACT}},
    ]
}


class ConsentIn(RequestModel):
    """One consent statement. A withdrawal may cover every channel or purpose with ``*``; a grant may not."""

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
        if self.status is ConsentStatus.GRANTED and ALL in (self.channel, self.purpose):
            raise ValueError("a grant must name one channel and one purpose; only a withdrawal may cover all by `*`")
        return self

    def report(self) -> ConsentReport:
        """The report that the ledger records."""
        return ConsentReport(**dict(self))


class SignalIn(RequestModel):
    """An observed event."""

    signal_id: Id
    customer_id: PersonId
    at: Moment
    type: Word
    channel: Word | None = None
    certainty: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1.0
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None

    def report(self) -> SignalReport:
        """The report that the ledger records."""
        return SignalReport(**dict(self))


def _required(*names: str) -> JsonDict:
    properties: JsonDict = {name: {"type": "string"} for name in names}
    return {"required": list(names), "properties": properties}


class ObjectionIn(RequestModel):
    """An objection to marketing, by a customer, a contact point, or both. It never ends and is never deleted."""

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
        """The report that the ledger records."""
        return ObjectionReport(**dict(self))


class ContactIn(RequestModel):
    """A contact made by heed's decision (`decision_id`) or by another tool, or one that failed."""

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
            raise ValueError(f"a contact without `decision_id` needs {', '.join(f'`{name}`' for name in missing)}")
        return self

    def report(self, costs: Mapping[str, Action]) -> ContactReport:
        """The same, as the ledger takes it; what it does not say of its cost the catalogue does."""
        known = costs.get(self.action_id or "")
        cost = self.cost if self.cost is not None else 0.0 if known is None else known.cost
        return ContactReport(**{**dict(self), "cost": cost})


class OutcomeIn(RequestModel):
    """An outcome: what happened."""

    outcome_id: Id
    customer_id: PersonId
    type: Word
    at: Moment
    decision_id: Id | None = None
    contact_id: Id | None = None
    value: Annotated[float, Field(allow_inf_nan=False)] | None = None

    def report(self) -> OutcomeReport:
        """The report that the ledger records."""
        return OutcomeReport(**dict(self))


class ConsentsIn(RequestModel):
    """Consents, in bulk."""

    consents: Annotated[list[ConsentIn], BULK]


class SignalsIn(RequestModel):
    """Signals, in bulk."""

    signals: Annotated[list[SignalIn], BULK]


class ContactsIn(RequestModel):
    """Contacts, in bulk."""

    contacts: Annotated[list[ContactIn], BULK]


class ObjectionsIn(RequestModel):
    """Objections, in bulk."""

    objections: Annotated[list[ObjectionIn], BULK]


class OutcomesIn(RequestModel):
    """Outcomes, in bulk."""

    outcomes: Annotated[list[OutcomeIn], BULK]
