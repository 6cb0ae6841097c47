"""Base of all rules: id, owner, scope, dates, mode."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.verdict import Effect, MissingFact, Verdict
from heed.guardrails.field_types import RuleId, StrictModel
from heed.guardrails.rule_scope import Scope, Selection


@lru_cache(maxsize=4096)
def _allowing(rule: str, reason: str) -> Verdict:
    """A cached verdict that allows. Most verdicts allow, and most with the same reasons."""
    return Verdict(rule, Effect.ALLOW, reason)


class Mode(StrEnum):
    """Whether a verdict is applied or only recorded, which is how a new rule is tried out."""

    ENFORCE = "enforce"
    OBSERVE = "observe"


class Restraint(StrEnum):
    """The effect of a rule that objects."""

    REVIEW = "review"
    SUPPRESS = "suppress"

    @property
    def effect(self) -> Effect:
        """The effect of the verdict."""
        return Effect.REVIEW if self is Restraint.REVIEW else Effect.SUPPRESS


class Rule(StrictModel):
    """One named rule of a policy.

    Attributes
    ----------
    id : str
        Lower-case words joined by hyphens, unique in the policy.
    purpose : str
        One sentence: why the rule exists.
    owner : str
        Who is responsible for it.
    scope : Scope
        What it applies to; everything where nothing is named.
    citation : str or None
        The law or standard behind the rule.
    unconfirmed : str or None
        The part of the citation that was not yet checked against the law; `heed policy check` shows it.
    valid_from, valid_until : datetime or None
        Half-open interval in which it is in force.
    mode : Mode
        ``observe`` records the verdict without applying it.
    """

    id: RuleId
    purpose: Annotated[str, Field(min_length=1, examples=["Nobody is written to more than twice a week."])]
    owner: Annotated[str, Field(min_length=1, examples=["crm-team"])]
    scope: Scope = Scope()
    citation: Annotated[str, Field(min_length=1, examples=["GDPR, Article 21(2)"])] | None = None
    unconfirmed: Annotated[str, Field(min_length=1, examples=["the hours of the section"])] | None = None
    valid_from: AwareDatetime | None = Field(default=None, examples=["2026-03-01T00:00:00Z"])
    valid_until: AwareDatetime | None = Field(default=None, examples=["2026-09-01T00:00:00Z"])
    mode: Mode = Mode.ENFORCE

    @model_validator(mode="after")
    def _lives(self) -> Self:
        if self.unconfirmed is not None and self.citation is None:
            raise ValueError("`unconfirmed` is about a `citation`, and there is none")
        if self.valid_from is not None and self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("`valid_until` is not after `valid_from`")
        return self

    @cached_property
    def everywhere(self) -> bool:
        """Whether the rule is in force at all times and in all jurisdictions."""
        left_out = self.scope.except_
        somewhere = self.scope.jurisdictions or (left_out is not None and left_out.jurisdictions)
        return not somewhere and self.valid_from is None and self.valid_until is None

    def in_force(self, facts: Facts, action: Action) -> bool:
        """Whether the rule is in force at this moment and in the customer's jurisdiction."""
        holds = self.scope.holds_in(facts.customer.jurisdiction, action, permits=self.permits)
        return holds and self._dated(facts.now)

    @property
    def stands_until(self) -> datetime | None:
        """When the rule stops objecting by its own dates, None where that is unknown."""
        return self.valid_until

    @property
    def permits(self) -> bool:
        """Whether the rule can allow what would be suppressed without it; it then does not apply in doubt."""
        return False

    def selections(self) -> Iterator[tuple[tuple[str, ...], Selection]]:
        """Selections of catalogue names in the rule, with their paths."""
        yield ("scope",), self.scope
        if self.scope.except_ is not None:
            yield ("scope", "except"), self.scope.except_

    def attributes_named(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Customer attributes named in the rule, with their paths."""
        yield from ()

    def _dated(self, now: datetime) -> bool:
        started = self.valid_from is None or self.valid_from <= now
        return started and (self.valid_until is None or now < self.valid_until)

    def allow(self, reason: str) -> Verdict:
        """A verdict that allows."""
        return _allowing(self.id, reason)

    def against(self, effect: Effect, reason: str, eligible_at: datetime | None = None) -> Verdict:
        """A verdict that objects, until `eligible_at` where known."""
        return Verdict(self.id, effect, reason, eligible_at)

    def suppress(self, reason: str, eligible_at: datetime | None = None) -> Verdict:
        """A verdict that suppresses."""
        return Verdict(self.id, Effect.SUPPRESS, reason, eligible_at)

    def lacking(self, reason: str, effect: Effect = Effect.SUPPRESS) -> Verdict:
        """A verdict because of a missing fact."""
        return MissingFact(self.id, effect, reason)
