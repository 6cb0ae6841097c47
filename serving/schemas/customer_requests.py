"""Requests about customers: their facts, and merges."""

from typing import Annotated

from pydantic import AfterValidator, Field

from heed.decisioning.customer import ContactPoint, Suppression
from heed.serving.ledger.facts.reports import CustomerReport
from heed.serving.schemas.decision_requests import RequestModel
from heed.serving.schemas.fields import Moment, Name, PersonId, Text, Values, Word

ALL = "*"
BULK = Field(min_length=1, max_length=10_000)


class ContactPointIn(RequestModel):
    """An address, number or device, by an opaque id: never the address itself."""

    contact_point: PersonId
    channel: Word
    time_zones: Annotated[
        list[Name],
        Field(max_length=50, description="Every time zone that it may be in; a toll-free number may be in many."),
    ] = Field(default_factory=list)

    def value(self) -> ContactPoint:
        """The contact point as a domain value."""
        return ContactPoint(self.contact_point, self.channel, tuple(self.time_zones))


class SuppressionIn(RequestModel):
    """An order not to contact on one channel; no channel, or ``*``, means all."""

    reason: Text
    recorded_at: Moment
    channel: Annotated[Word | None, AfterValidator(lambda channel: None if channel == ALL else channel)] = None
    until: Moment | None = None


class CustomerIn(RequestModel):
    """A customer as the source system knows them; omitted fields stay unchanged."""

    customer_id: PersonId
    attributes: Values = Field(default_factory=dict)
    time_zone: Name | None = None
    jurisdiction: Name | None = None
    contact_points: Annotated[list[ContactPointIn], Field(max_length=100)] = Field(default_factory=list)
    suppressions: Annotated[list[SuppressionIn], Field(max_length=100)] = Field(default_factory=list)
    identity: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            allow_inf_nan=False,
            description="Probability that this id stands for one person.",
        ),
    ] = None

    def report(self) -> CustomerReport:
        """The report that the ledger records."""
        return CustomerReport(
            customer_id=self.customer_id,
            attributes=self.attributes,
            time_zone=self.time_zone,
            jurisdiction=self.jurisdiction,
            contact_points=tuple(point.value() for point in self.contact_points),
            suppressions=tuple(Suppression(**dict(order)) for order in self.suppressions),
            identity=self.identity,
        )


class CustomersIn(RequestModel):
    """Customers, in bulk."""

    customers: Annotated[list[CustomerIn], BULK]


class MergeRequest(RequestModel):
    """The other customer, who is the same person."""

    from_: Annotated[PersonId, Field(alias="from")]
