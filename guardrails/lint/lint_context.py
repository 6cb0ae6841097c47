"""What all checks look at: the policy, the actions it is about, its conditions, and the day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import product
from typing import TypeVar

from heed.decisioning.catalogue import Action, Catalogue, MessageClass
from heed.guardrails.conditions.cel import Condition
from heed.guardrails.lint.finding import Finding, Severity
from heed.guardrails.policy.load import LoadedPolicy
from heed.guardrails.rules.rule import Mode, Rule
from heed.guardrails.source_map import Path

R = TypeVar("R", bound=Rule)


@dataclass(frozen=True)
class LintContext:
    """A policy with its catalogue at a date, shared by all checks.

    Attributes
    ----------
    conditions : mapping of str to Condition
        All checked conditions of the policy and the catalogue, by text.
    as_of : datetime
        The moment at which dates are checked.
    """

    loaded: LoadedPolicy
    catalogue: Catalogue
    conditions: Mapping[str, Condition]
    as_of: datetime

    @property
    def rules(self) -> Sequence[Rule]:
        """All rules, in the order of the policy."""
        return self.loaded.policy.rules

    @cached_property
    def offers(self) -> tuple[Action, ...]:
        """The catalogue's actions, and one for every combination with a name from the policy's vocabulary alone.

        The latter are for rules about a channel that the catalogue does not use yet.
        """
        words, actions = self.loaded.policy.vocabulary, self.catalogue.actions
        known = (
            {action.channel for action in actions},
            {action.purpose for action in actions},
            {action.category for action in actions},
        )
        further = (words.channels, words.purposes, words.categories)
        named = [sorted({*own, *more}) for own, more in zip(known, further, strict=True)]
        return actions + tuple(
            Action("", channel, purpose, category, 1.0, "", 1.0, message_class=kind)
            for channel, purpose, category in product(*named)
            for kind in MessageClass
            if channel not in known[0] or purpose not in known[1] or category not in known[2]
        )

    def of(self, kind: type[R]) -> Iterator[tuple[int, R]]:
        """The rules of a kind, with their places."""
        for place, rule in enumerate(self.rules):
            if isinstance(rule, kind):
                yield place, rule

    def concerned(self, rule: Rule) -> frozenset[int]:
        """Places in `offers` of what a rule is about."""
        return frozenset(place for place, action in enumerate(self.offers) if rule.scope.concerns(action))

    def in_force(self, rule: Rule) -> bool:
        """Whether a rule is enforced on the day."""
        begun = rule.valid_from is None or rule.valid_from <= self.as_of
        return rule.mode is Mode.ENFORCE and begun and (rule.valid_until is None or self.as_of < rule.valid_until)

    def stands(self, place: int) -> str:
        """The rule in messages: its id, with its line where it has one."""
        line = self.loaded.document.line(("rules", place))
        return f"`{self.rules[place].id}`" + ("" if line is None else f" (line {line})")

    def error(self, check: str, place: int, field: str | None, message: str, remedy: str) -> Finding:
        """An error of a rule."""
        return self._found(Severity.ERROR, check, place, field, message, remedy)

    def warning(self, check: str, place: int, field: str | None, message: str, remedy: str) -> Finding:
        """A warning about a rule."""
        return self._found(Severity.WARNING, check, place, field, message, remedy)

    def _found(
        self, severity: Severity, check: str, place: int, field: str | None, message: str, remedy: str
    ) -> Finding:
        path: Path = ("rules", place) if field is None else ("rules", place, field)
        line = self.loaded.document.line(path)
        return Finding(severity, check, message, remedy, self.rules[place].id, field, line)
