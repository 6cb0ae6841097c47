"""One recorded decision evaluated under two policies by the model that made it, or why it cannot be."""

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
        return _visible_outcome(self.old) != _visible_outcome(self.new)


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
        receipt = unpack(recorded.receipt)
    except InvalidInput as error:
        return Unsupported(recorded, error.message)
    reason = next(_unsupported_reasons(receipt, recorded, old, new), None)
    if reason is not None:
        return Unsupported(recorded, reason)
    scorer = _CachedScorer(old.scorer)
    before, after = (_evaluate(receipt, pinned, scorer) for pinned in (old, new))
    if recorded.policy_hash == old.versions.policy.hash and not _matches_record(before, recorded):
        return Unsupported(recorded, "the decision does not come out as it was recorded")
    missing = _newly_missing(before, after)
    if missing is not None:
        return Unsupported(recorded, f"rule `{missing}` of the new policy needs a fact that the receipt does not hold")
    return Rerun(recorded, receipt.facts, before, after)


def _unsupported_reasons(
    receipt: Receipt, recorded: DecisionReceipt, old: ActiveVersions, new: ActiveVersions
) -> Iterator[str]:
    if receipt.versions.model.digest != old.versions.model.digest:
        yield "another version of the model decided"
    if receipt.versions.catalogue != old.versions.catalogue:
        yield "it was decided with another catalogue"
    if receipt.format < FORMAT:
        later = [rule for policy in (old.policy, new.policy) for rule in policy.rules if rule.kind not in _ALWAYS_HELD]
        yield from (f"the receipt is older than what rule `{rule.id}` looks at" for rule in later)
    for rule, window in (*_windows(old.policy), *_windows(new.policy)):
        if not _counted(receipt.facts, recorded, old, window):
            yield f"the receipt does not hold the volumes that rule `{rule.id}` counts"


def _windows(policy: Policy) -> list[tuple[Rule, timedelta]]:
    return [(rule, rule.window) for rule in policy.rules if rule.kind == "volume_limit"]


def _counted(facts: Facts, recorded: DecisionReceipt, old: ActiveVersions, window: timedelta) -> bool:
    """Whether the receipt holds volumes of this window, which only the deciding policy's windows have."""
    own = recorded.policy_hash == old.versions.policy.hash
    return own and facts.volumes is not None and window in (old.windows or ())


def _evaluate(receipt: Receipt, pinned: ActiveVersions, scorer: Scorer) -> Decision:
    named = receipt.request["candidates"]
    return decide(
        receipt.facts,
        pinned.offered(named if isinstance(named, list) else None, receipt.facts.now),
        scorer=scorer,
        guard=pinned.guard,
        explain=Explain.NONE,
    )


def _visible_outcome(decision: Decision) -> tuple[str, str | None, str | None]:
    return (decision.disposition.value, decision.action_id, decision.proposed_action_id)


def _matches_record(decision: Decision, recorded: DecisionReceipt) -> bool:
    return (decision.disposition, decision.action_id) == (recorded.disposition, recorded.action_id)


def _newly_missing(before: Decision, after: Decision) -> str | None:
    """The rule that changed the decision because a fact is missing, if it did not under the old policy."""
    if _visible_outcome(before) == _visible_outcome(after) or after.binding_rule is None:
        return None
    rules = _rules_missing_facts(after)
    new = after.binding_rule in rules and after.binding_rule not in _rules_missing_facts(before)
    return after.binding_rule if new else None


def _rules_missing_facts(decision: Decision) -> set[str]:
    verdicts: list[Verdict] = [
        verdict for candidate in decision.candidates if (verdict := decisive_verdict(candidate.verdicts)) is not None
    ]
    return {verdict.rule for verdict in verdicts if verdict.lacking}


class _CachedScorer:
    """Caches the last scores: both policies use the same model on the same facts."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._key: tuple[Facts, tuple[Action, ...]] | None = None
        self._scores: Scores | None = None

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Scores of these actions for this customer now."""
        key = (facts, tuple(actions))
        if self._scores is None or self._key is None or self._key[0] is not facts or self._key[1] != key[1]:
            self._key, self._scores = key, self._scorer.score(facts, actions)
        return self._scores
