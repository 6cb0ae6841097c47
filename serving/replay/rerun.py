"""One recorded decision under two policies, by the model that made it; or why that cannot be said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.decide import decide
from heed.decisioning.decision import Decision, Explain
from heed.decisioning.errors import InvalidInput
from heed.decisioning.score import Scorer, Scores
from heed.decisioning.verdict import Verdict, decisive_verdict
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.rules.rule import Rule
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.ledger.decisions.read import DecisionReceipt
from heed.serving.replay.receipt import FORMAT, Receipt, unpack

# What the rules of these kinds look at was in the receipts from the beginning.
_ALWAYS_HELD = frozenset(
    {
        "condition",
        "confidence",
        "consent",
        "eligibility",
        "frequency_cap",
        "quiet_hours",
        "suppression",
        "value_floor",
    }
)


@dataclass(frozen=True, slots=True)
class Rerun:
    """What two policies make of the facts of one recorded decision."""

    recorded: DecisionReceipt
    facts: Facts
    old: Decision
    new: Decision

    @property
    def changed(self) -> bool:
        """Whether somebody would notice: another disposition, or another action."""
        return _noticed(self.old) != _noticed(self.new)


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Why nothing can be said of one recorded decision."""

    recorded: DecisionReceipt
    reason: str


def rerun(recorded: DecisionReceipt, old: ActiveVersions, new: ActiveVersions) -> Rerun | Unsupported:
    """The decision under both policies, or the reason why the record does not support that."""
    if recorded.receipt is None:
        return Unsupported(recorded, "the customer was erased")
    try:
        kept = unpack(recorded.receipt)
    except InvalidInput as error:
        return Unsupported(recorded, error.message)
    reason = next(_against(kept, recorded, old, new), None)
    if reason is not None:
        return Unsupported(recorded, reason)
    scorer = _Once(old.scorer)
    before, after = (_again(kept, one, scorer) for one in (old, new))
    if recorded.policy_hash == old.versions.policy.hash and not _is_what_was_recorded(before, recorded):
        return Unsupported(recorded, "the decision does not come out as it was recorded")
    missing = _newly_lacking(before, after)
    if missing is not None:
        return Unsupported(recorded, f"rule `{missing}` of the new policy needs a fact that the receipt does not hold")
    return Rerun(recorded, kept.facts, before, after)


def _against(kept: Receipt, recorded: DecisionReceipt, old: ActiveVersions, new: ActiveVersions) -> Iterator[str]:
    if kept.versions.model.digest != old.versions.model.digest:
        yield "another version of the model decided"
    if kept.versions.catalogue != old.versions.catalogue:
        yield "it was decided with another catalogue"
    if kept.format < FORMAT:
        later = [rule for policy in (old.policy, new.policy) for rule in policy.rules if rule.kind not in _ALWAYS_HELD]
        yield from (f"the receipt is older than what rule `{one.id}` looks at" for one in later)
    for rule, window in (*_windows(old.policy), *_windows(new.policy)):
        if not _counted(kept.facts, recorded, old, window):
            yield f"the receipt does not hold the volumes that rule `{rule.id}` counts"


def _windows(policy: Policy) -> list[tuple[Rule, timedelta]]:
    return [(rule, rule.window) for rule in policy.rules if rule.kind == "volume_limit"]


def _counted(facts: Facts, recorded: DecisionReceipt, old: ActiveVersions, window: timedelta) -> bool:
    """Whether the receipt holds volumes of this window: those that the policy which decided asked for."""
    own = recorded.policy_hash == old.versions.policy.hash
    return own and facts.volumes is not None and window in (old.windows or ())


def _again(kept: Receipt, in_force: ActiveVersions, scorer: Scorer) -> Decision:
    named = kept.request["candidates"]
    return decide(
        kept.facts,
        in_force.offered(named if isinstance(named, list) else None, kept.facts.now),
        scorer=scorer,
        guard=in_force.guard,
        explain=Explain.NONE,
    )


def _noticed(decision: Decision) -> tuple[str, str | None, str | None]:
    return (decision.disposition.value, decision.action_id, decision.proposed_action_id)


def _is_what_was_recorded(made: Decision, recorded: DecisionReceipt) -> bool:
    return (made.disposition, made.action_id) == (recorded.disposition, recorded.action_id)


def _newly_lacking(before: Decision, after: Decision) -> str | None:
    """The rule that turned the decision for want of a fact, where it did not do so under the old policy."""
    if _noticed(before) == _noticed(after) or after.binding_rule is None:
        return None
    wanting = _lacking_rules(after)
    new = after.binding_rule in wanting and after.binding_rule not in _lacking_rules(before)
    return after.binding_rule if new else None


def _lacking_rules(decision: Decision) -> set[str]:
    said: list[Verdict] = [
        one for candidate in decision.candidates if (one := decisive_verdict(candidate.verdicts)) is not None
    ]
    return {verdict.rule for verdict in said if verdict.lacking}


class _Once:
    """A scorer that scores the same candidates of the same facts once: policies differ, the model does not."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._asked: tuple[Facts, tuple[Action, ...]] | None = None
        self._said: Scores | None = None

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Scores of these actions for this customer now."""
        asked = (facts, tuple(actions))
        if self._said is None or self._asked is None or self._asked[0] is not facts or self._asked[1] != asked[1]:
            self._asked, self._said = asked, self._scorer.score(facts, actions)
        return self._said
