"""What each rule has said lately, and whether one that used to object has fallen silent.

A rule that stops matching, since a channel was renamed or an attribute is no longer sent, stops without a sound: the
contacts it kept back simply go out. So every rule's verdicts are counted, per decision and not per candidate, and a
rule that objected in one stretch of decisions and not once in the next is told of.
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

# Fewer objections in a stretch may be followed by none by chance: of 5 expected, none come 7 times in 1000.
MIN_OBJECTIONS = 5
_ALLOW, _SUPPRESS = Effect.ALLOW, Effect.SUPPRESS
_SUPPRESSED, _REVIEWED, _ERRORED, _OBSERVED = 1, 2, 4, 8
_SILENT = "rule `%s` objected in %d of %d decisions and in none of the %d after them: does it still match?"


@dataclass(slots=True)
class _Tally:
    """The counts of one rule while they grow; a decision of fifty rules raises fifty of them."""

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
    kept: bool = True

    def object(self, flags: int, at: datetime) -> None:
        self.suppressed += bool(flags & _SUPPRESSED)
        self.reviewed += bool(flags & _REVIEWED)
        self.errored += bool(flags & _ERRORED)
        self.observed += bool(flags & _OBSERVED)
        self.fired_now += 1
        self.last_fired = at
        self.silent_since = None

    def count(self, decisions_now: int) -> RuleStats:
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
    """Counts what the rules of one process say.

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

    def remember(self, counts: Iterable[RuleStats]) -> None:
        """Go on from what was counted before."""
        for one in counts:
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

    def heard(self, decision: Decision, at: datetime, policy: Policy) -> None:
        """Count one decision."""
        for rule, flags in _said(decision.candidates).items():
            tally = self._tallies.get(rule) or self._begun(rule)
            tally.evaluated += 1
            tally.kept = False
            if flags:
                tally.object(flags, at)
        self._decisions += 1
        if self._decisions >= self.stretch:
            self._turn(at, policy)

    def of(self, rule: str) -> RuleStats:
        """The counts of one rule, zero where it has never spoken."""
        tally = self._tallies.get(rule)
        return RuleStats(rule) if tally is None else tally.count(self._decisions)

    def all(self) -> tuple[RuleStats, ...]:
        """The counts of all rules that have ever spoken, in order of their ids."""
        return tuple(self.of(rule) for rule in sorted(self._tallies))

    def unkept(self) -> tuple[RuleStats, ...]:
        """The counts that grew since they were last asked for, to be kept now."""
        changed = [rule for rule, one in self._tallies.items() if not one.kept]
        for rule in changed:
            self._tallies[rule].kept = True
        return tuple(self.of(rule) for rule in sorted(changed))

    def _begun(self, rule: str) -> _Tally:
        self._tallies[rule] = _Tally(rule, 0, 0, 0, 0, 0, 0, 0, None, None)
        return self._tallies[rule]

    def _turn(self, at: datetime, policy: Policy) -> None:
        """Begin a new stretch, and tell of rules of the policy that objected in the one before and not in this."""
        rules = {rule.id for rule in policy.rules}
        for rule, tally in self._tallies.items():
            if rule not in rules:
                tally.silent_since = None
            elif tally.fired_before >= MIN_OBJECTIONS and tally.fired_now == 0 and tally.silent_since is None:
                tally.silent_since = at
                logger.warning(_SILENT, rule, tally.fired_before, self.stretch, self.stretch)
            tally.fired_before, tally.fired_now, tally.kept = tally.fired_now, 0, False
        self._decisions = 0


def _said(candidates: Sequence[Candidate]) -> dict[str, int]:
    """What each rule said of any candidate. Candidates share their verdicts, so that each is looked at once."""
    verdicts = list(chain.from_iterable([candidate.verdicts for candidate in candidates]))
    said: dict[str, int] = {}
    for verdict in dict(zip(map(id, verdicts), verdicts, strict=True)).values():
        rule, effect = verdict.rule, verdict.effect
        if effect is not _ALLOW:
            said[rule] = said.get(rule, 0) | (_SUPPRESSED if effect is _SUPPRESS else _REVIEWED) | _errs(verdict)
        elif rule not in said or verdict.tried:
            said[rule] = said.get(rule, 0) | _tried(verdict)
    return said


def _tried(verdict: Verdict) -> int:
    return _OBSERVED | _errs(verdict) if verdict.tried else 0


def _errs(verdict: Verdict) -> int:
    return _ERRORED if verdict.lacking else 0
