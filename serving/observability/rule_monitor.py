"""How often each rule was evaluated and triggered, and which rules have stopped triggering.

A rule that no longer matches, because a channel was renamed or an attribute is no longer sent, fails unnoticed: the
contacts it used to hold back simply go out. So the verdicts of every rule are counted, per decision and not per
candidate, and a rule that triggered in one stretch of decisions and not once in the next is reported.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from heed.decisioning.decision import Candidate, Decision
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.policy.policy_model import Policy
from heed.serving.ledger.operations.rule_stats import RuleStats

logger = logging.getLogger("heed.serving")

# Fewer triggers in a stretch may be followed by none by chance: where 5 are expected, none come 7 times in 1000.
MIN_OBJECTIONS = 5
_ALLOW, _SUPPRESS = Effect.ALLOW, Effect.SUPPRESS
_SUPPRESSED, _REVIEWED, _ERRORED, _OBSERVED = 1, 2, 4, 8
_SILENT = "rule `%s` triggered in %d of %d decisions and in none of the %d after them: does it still match?"


@dataclass(slots=True)
class _Tally:
    """The mutable counts of one rule; a decision with fifty rules changes fifty of them."""

    rule: str
    evaluated: int
    suppressed: int
    reviewed: int
    errored: int
    observed: int
    fired_before: int
    fired_now: int
    last_fired: datetime | None
    silent_since: datetime | None
    saved: bool = True

    def trigger(self, flags: int, at: datetime) -> None:
        self.suppressed += bool(flags & _SUPPRESSED)
        self.reviewed += bool(flags & _REVIEWED)
        self.errored += bool(flags & _ERRORED)
        self.observed += bool(flags & _OBSERVED)
        self.fired_now += 1
        self.last_fired = at
        self.silent_since = None

    def stats(self, decisions_now: int) -> RuleStats:
        return RuleStats(
            rule=self.rule,
            evaluated=self.evaluated,
            suppressed=self.suppressed,
            reviewed=self.reviewed,
            errored=self.errored,
            observed=self.observed,
            fired_before=self.fired_before,
            fired_now=self.fired_now,
            decisions_now=decisions_now,
            last_fired=self.last_fired,
            silent_since=self.silent_since,
        )


class RuleMonitor:
    """Counts the verdicts of rules in one process.

    Parameters
    ----------
    stretch : int
        Decisions to a stretch, at least 1.
    """

    def __init__(self, stretch: int = 1000) -> None:
        self.stretch = stretch
        self._tallies: dict[str, _Tally] = {}
        self._decisions = 0

    @property
    def decisions(self) -> int:
        """Decisions in the present stretch."""
        return self._decisions

    def restore(self, stats: Iterable[RuleStats]) -> None:
        """Continue from stored counts."""
        for one in stats:
            self._tallies[one.rule] = _Tally(
                one.rule,
                one.evaluated,
                one.suppressed,
                one.reviewed,
                one.errored,
                one.observed,
                one.fired_before,
                one.fired_now,
                one.last_fired,
                one.silent_since,
            )
            self._decisions = max(self._decisions, one.decisions_now)

    def record(self, decision: Decision, at: datetime, policy: Policy) -> None:
        """Count one decision."""
        for rule, flags in _flags_by_rule(decision.candidates).items():
            tally = self._tallies.get(rule) or self._new_tally(rule)
            tally.evaluated += 1
            tally.saved = False
            if flags:
                tally.trigger(flags, at)
        self._decisions += 1
        if self._decisions >= self.stretch:
            self._end_stretch(at, policy)

    def of(self, rule: str) -> RuleStats:
        """The counts of one rule, zero where it was never evaluated."""
        tally = self._tallies.get(rule)
        return RuleStats(rule) if tally is None else tally.stats(self._decisions)

    def all(self) -> tuple[RuleStats, ...]:
        """The counts of all rules that were ever evaluated, ordered by id."""
        return tuple(self.of(rule) for rule in sorted(self._tallies))

    def take_unsaved(self) -> tuple[RuleStats, ...]:
        """The counts that changed since the last call, for the caller to store."""
        changed = [rule for rule, tally in self._tallies.items() if not tally.saved]
        for rule in changed:
            self._tallies[rule].saved = True
        return tuple(self.of(rule) for rule in sorted(changed))

    def _new_tally(self, rule: str) -> _Tally:
        self._tallies[rule] = _Tally(rule, 0, 0, 0, 0, 0, 0, 0, None, None)
        return self._tallies[rule]

    def _end_stretch(self, at: datetime, policy: Policy) -> None:
        """Begin a new stretch, and report rules of the policy that have stopped triggering."""
        rules = {rule.id for rule in policy.rules}
        for rule, tally in self._tallies.items():
            if rule not in rules:
                tally.silent_since = None
            elif tally.fired_before >= MIN_OBJECTIONS and tally.fired_now == 0 and tally.silent_since is None:
                tally.silent_since = at
                logger.warning(_SILENT, rule, tally.fired_before, self.stretch, self.stretch)
            tally.fired_before, tally.fired_now, tally.saved = tally.fired_now, 0, False
        self._decisions = 0


def _flags_by_rule(candidates: Sequence[Candidate]) -> dict[str, int]:
    """What each rule said of any candidate. Candidates share verdicts, and each is read once."""
    verdicts = list(chain.from_iterable([candidate.verdicts for candidate in candidates]))
    flags: dict[str, int] = {}
    for verdict in dict(zip(map(id, verdicts), verdicts, strict=True)).values():
        rule, effect = verdict.rule, verdict.effect
        if effect is not _ALLOW:
            flags[rule] = (
                flags.get(rule, 0) | (_SUPPRESSED if effect is _SUPPRESS else _REVIEWED) | _error_flag(verdict)
            )
        elif rule not in flags or verdict.tried:
            flags[rule] = flags.get(rule, 0) | _observed_flag(verdict)
    return flags


def _observed_flag(verdict: Verdict) -> int:
    return _OBSERVED | _error_flag(verdict) if verdict.tried else 0


def _error_flag(verdict: Verdict) -> int:
    return _ERRORED if verdict.lacking else 0
