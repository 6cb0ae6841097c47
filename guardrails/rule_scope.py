"""The scope of a rule: channels, purposes, categories, message classes, jurisdictions and actions."""

from typing import Annotated, Protocol, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action, MessageClass
from heed.guardrails.field_types import Jurisdiction, Names, NormalizedNames, StrictModel
from heed.guardrails.jurisdictions import Membership, membership


class ActionView(Protocol):
    """The properties that an action and a past contact have in common."""

    @property
    def action_id(self) -> str: ...  # noqa: D102
    @property
    def channel(self) -> str: ...  # noqa: D102
    @property
    def purpose(self) -> str: ...  # noqa: D102
    @property
    def category(self) -> str: ...  # noqa: D102
    @property
    def message_class(self) -> MessageClass: ...  # noqa: D102


class Selection(StrictModel):
    """Names in six dimensions. A dimension without names covers everything."""

    channels: NormalizedNames | None = Field(default=None, examples=["[email, sms]"])
    purposes: NormalizedNames | None = Field(default=None, examples=["[marketing]"])
    categories: NormalizedNames | None = Field(default=None, examples=["[winback]"])
    message_classes: Annotated[tuple[MessageClass, ...], Field(min_length=1)] | None = Field(
        default=None, examples=["[marketing]"]
    )
    jurisdictions: Annotated[tuple[Jurisdiction, ...], Field(min_length=1)] | None = Field(
        default=None, examples=["[DE, US-CA]"]
    )
    actions: Names | None = Field(default=None, examples=["[email_bundle]"])

    def covers(self, offered: ActionView) -> bool:
        """Whether an action or contact lies in every named dimension, jurisdictions apart."""
        return (
            (self.channels is None or offered.channel in self.channels)
            and (self.message_classes is None or offered.message_class in self.message_classes)
            and (self.purposes is None or offered.purpose in self.purposes)
            and (self.categories is None or offered.category in self.categories)
            and (self.actions is None or offered.action_id in self.actions)
        )

    def reaches(self, jurisdiction: str | None, *, unsure: bool) -> bool:
        """Whether the customer's jurisdiction is among those named.

        A country includes its parts, and ``EU`` its countries: ``US`` reaches ``US-CA``. The answer is `unsure` where
        the customer's jurisdiction is unknown, is not a code of a place, or is a whole of which only a part is named.
        """
        if self.jurisdictions is None:
            return True
        result = membership(jurisdiction, self.jurisdictions)
        return result is Membership.SURELY or (unsure and result is Membership.MAYBE)


class ExcludedScope(Selection):
    """The exception of a scope: everything that lies in all dimensions named here."""

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("exception names nothing, which would leave out everything")
        return self


class Scope(Selection):
    """A selection minus an exception."""

    except_: ExcludedScope | None = Field(default=None, alias="except", examples=["{channels: [web]}"])

    def concerns(self, offered: ActionView) -> bool:
        """Whether the rule could apply to this action, or counts this contact, in some jurisdiction.

        An exception with jurisdictions excludes nothing here, since it depends on the customer.
        """
        left_out = self.except_ is not None and self.except_.jurisdictions is None and self.except_.covers(offered)
        return self.covers(offered) and not left_out

    def spares(self, action: ActionView) -> bool:
        """Whether the exception excludes this action for customers of some jurisdictions."""
        left_out = self.except_
        return left_out is not None and left_out.jurisdictions is not None and left_out.covers(action)

    def holds_in(self, jurisdiction: str | None, action: Action, *, permits: bool) -> bool:
        """Whether the rule applies to a customer of this jurisdiction.

        In doubt, a rule that restricts applies and a rule that permits does not.
        """
        if not self.reaches(jurisdiction, unsure=not permits):
            return False
        return not (self.except_ and self.spares(action) and self.except_.reaches(jurisdiction, unsure=permits))
