"""Conflict groups: a customer who received one offer does not receive a contradicting one within the window."""

from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Contact, Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import Duration, Name, Names, NormalizedNames, StrictModel
from heed.guardrails.rule_scope import ActionView, Selection
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.rule import Restraint, Rule


class Member(StrictModel):
    """One side of a conflict; an action belongs to it by its id or its category."""

    actions: Names | None = Field(default=None, examples=["[upsell_gold, upsell_silver]"])
    categories: NormalizedNames | None = Field(default=None, examples=["[winback]"])

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.actions is None and self.categories is None:
            raise ValueError("member names neither `actions` nor `categories`")
        return self

    def takes_in(self, offered: ActionView) -> bool:
        """Whether an action or a contact belongs to this side."""
        return offered.action_id in (self.actions or ()) or offered.category in (self.categories or ())


class ConflictGroup(Rule):
    """Sides of a conflict, of which a customer receives at most one in any window.

    Reserved and executed contacts count, released ones do not.

    Attributes
    ----------
    members : mapping of str to Member
        The sides by name, at least two.
    one_action : bool
        Every action in scope is its own side; given instead of `members`. Repetition of one action is a matter for
        frequency caps.
    window : timedelta
        In real time, at most 90 days.
    """

    kind: Literal["conflict_group"]
    members: Mapping[Name, Member] | None = Field(
        default=None, examples=["{winback: {categories: [winback]}, upsell: {actions: [upsell_gold]}}"]
    )
    one_action: bool = Field(default=False, strict=True)
    window: Duration = Field(examples=["30d"])
    effect: Restraint = Restraint.SUPPRESS

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.members is None) is not self.one_action:
            raise ValueError("needs either `members` or `one_action: true`")
        if self.members is not None and len(self.members) < 2:
            raise ValueError("`members` needs two sides at least, since one contradicts nothing")
        return self

    def selections(self) -> Iterator[tuple[tuple[str, ...], Selection]]:
        """As for every rule, plus the names in the members."""
        yield from super().selections()
        for name, member in (self.members or {}).items():
            yield ("members", name), Selection(actions=member.actions, categories=member.categories)


def sharing_key(rule: ConflictGroup, action: Action) -> tuple[str, ...]:
    """Key: the sides that the action belongs to."""
    if rule.members is None:
        return (action.action_id,)
    return tuple(name for name, member in rule.members.items() if member.takes_in(action))


def evaluate(rule: ConflictGroup, facts: Facts, action: Action) -> Verdict:
    """Object while a contact of another side is in the window; contacts dated in the future count too."""
    since = facts.now - rule.window
    recent = [contact for contact in facts.customer.counted_contacts_since(since) if rule.scope.concerns(contact)]
    against = [(contact.at, side) for contact in recent if (side := _other_side(rule, action, contact)) is not None]
    if not against:
        return rule.allow(f"Nothing that excludes this came in the last {reason_text.format_span(rule.window)}.")
    last, side = max(against)
    free = last + rule.window
    reason = (
        f"Excluded by {side}, last on {reason_text.format_day(last)}; possible from {reason_text.format_moment(free)}."
    )
    return rule.against(rule.effect.effect, reason, free)


def _other_side(rule: ConflictGroup, action: Action, contact: Contact) -> str | None:
    """The contact's side where the action belongs to another one, None where they do not conflict."""
    if rule.members is None:
        return None if contact.action_id == action.action_id else f"`{contact.action_id}`"
    sides = rule.members.items()
    if not any(member.takes_in(action) for _, member in sides):
        return None
    others = (name for name, member in sides if member.takes_in(contact) and not member.takes_in(action))
    return next((f"`{name}`" for name in others), None)
