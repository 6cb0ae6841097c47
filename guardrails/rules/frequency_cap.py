"""Frequency caps: contacts per customer in rolling windows of real time, not calendar days."""

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import Duration
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.rule import Restraint, Rule


class Per(StrEnum):
    """What is counted together: all contacts in the rule's scope, or those that share this property with the action."""

    ALL = "all"
    CHANNEL = "channel"
    PURPOSE = "purpose"
    CATEGORY = "category"
    MESSAGE_CLASS = "message_class"
    ACTION = "action"

    @property
    def attribute(self) -> str | None:
        """Name of the shared attribute of actions and contacts, None where all are counted together."""
        if self is Per.ALL:
            return None
        return "action_id" if self is Per.ACTION else self.value


class FrequencyCap(Rule):
    """At most `limit` contacts in any window.

    Reserved and executed contacts in the rule's scope count, released ones do not. The scope's jurisdictions decide
    which customers are protected; a contact counts wherever the customer was at the time.

    Attributes
    ----------
    limit : int
        Contacts allowed in the window, at least 0.
    window : timedelta
        In real time, at most 90 days.
    per : Per
        What is counted together.
    effect : Restraint
        Suppress or review.
    """

    kind: Literal["frequency_cap"]
    limit: Annotated[int, Field(strict=True, ge=0, examples=["2"])]
    window: Duration = Field(examples=["7d"])
    per: Per = Per.ALL
    effect: Restraint = Restraint.SUPPRESS

    @cached_property
    def shared(self) -> str | None:
        """The attribute that contacts counted together share."""
        return self.per.attribute

    @cached_property
    def span(self) -> str:
        """The window as text."""
        return reason_text.format_span(self.window)

    @cached_property
    def scoped(self) -> tuple[str, ...]:
        """The names of the scope as text, without the dimension of `per`."""
        scope = self.scope
        classes = (
            None if scope.message_classes is None else [message_class.value for message_class in scope.message_classes]
        )
        lists = {
            Per.CHANNEL: scope.channels,
            Per.MESSAGE_CLASS: classes,
            Per.PURPOSE: scope.purposes,
            Per.CATEGORY: scope.categories,
            Per.ACTION: scope.actions,
        }
        return tuple(reason_text.join_or(names) for key, names in lists.items() if names and key is not self.per)

    @cached_property
    def room(self) -> dict[tuple[str | None, int], Verdict]:
        """Cached verdicts that allow, by the shared property and the number of contacts."""
        return {}

    @cached_property
    def kind_of_all(self) -> str:
        """What is counted, as text, where all is counted together."""
        return " ".join((*self.scoped, "contacts"))


def sharing_key(rule: FrequencyCap, action: Action) -> str | None:
    """Key: the property that is counted together."""
    return None if rule.shared is None else str(getattr(action, rule.shared))


def evaluate(rule: FrequencyCap, facts: Facts, action: Action) -> Verdict:
    """Object when the window is full; eligible again when enough contacts have left it."""
    own = sharing_key(rule, action)
    times = counted_times(rule, facts, own)
    cached = rule.room.get((own, len(times)))
    if cached is not None:
        return cached
    so_far = f"{len(times)} of {rule.limit} {_kind(rule, own)} in the last {rule.span}"
    if len(times) < rule.limit:
        return rule.room.setdefault((own, len(times)), rule.allow(f"{so_far}."))
    if rule.limit == 0:
        return rule.against(rule.effect.effect, f"{so_far}: none is allowed.")
    free = times[len(times) - rule.limit] + rule.window
    return rule.against(
        rule.effect.effect, f"{so_far}; the next is possible from {reason_text.format_moment(free)}.", free
    )


def counted_times(rule: FrequencyCap, facts: Facts, own: str | None) -> list[datetime]:
    """Times of the contacts in the window, oldest first; `own` is the shared property, if any.

    There is no upper bound: a contact dated after now by another clock counts too.
    """
    recent = facts.customer.counted_contacts_since(facts.now - rule.window)
    shared = rule.shared
    return [
        contact.at
        for contact in recent
        if (shared is None or getattr(contact, shared) == own) and rule.scope.concerns(contact)
    ]


def _kind(rule: FrequencyCap, own: str | None) -> str:
    """What is counted, as text: `email marketing contacts`, or `contacts for` one action."""
    if own is None:
        return rule.kind_of_all
    if rule.per is Per.ACTION:
        return f"contacts for `{own}`"
    return " ".join((*dict.fromkeys((own, *rule.scoped)), "contacts"))
