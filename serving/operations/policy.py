"""The active policy: reloaded from its file, validated, and compared with another on recorded decisions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.decisioning.certificate import Certificate
from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.policy_lint import lint_policy
from heed.guardrails.policy.load import parse_policy
from heed.guardrails.policy.policy_model import AnyRule, Policy
from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.deployment.policy_file import RejectedPolicy
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.operations.rule_stats import RuleStats
from heed.serving.observability.rule_monitor import RuleMonitor
from heed.serving.replay.policy_diff import PolicyDiff, compare_records
from heed.serving.schemas.policy_requests import PolicyDiffRequest

_LOOK_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ActivePolicy:
    """The policy in force, what the file says that was rejected, and what the model is certified for."""

    policy: Policy
    certificate: Certificate | None
    rejected: RejectedPolicy | None


@dataclass(frozen=True, slots=True)
class CheckedPolicy:
    """A policy that could take effect, with what the linter found."""

    policy: Policy
    certificate: Certificate | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class RuleActivity:
    """What each rule of the policy in force has said, in the policy's order.

    Attributes
    ----------
    stretch, decisions : int
        Decisions to a stretch, after which a rule that has not objected counts as silent; those in the present one.
    """

    stretch: int
    decisions: int
    rules: tuple[AnyRule, ...]
    stats: tuple[RuleStats, ...]


class PolicyService:
    """Reads, reloads, checks and compares policies.

    Parameters
    ----------
    clock : callable
        The present moment, with an offset.
    rule_monitor : RuleMonitor
        Counts what rules say.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        deployment: DeploymentManager,
        clock: Callable[[], datetime],
        rule_monitor: RuleMonitor,
    ) -> None:
        self._ledger = ledger
        self._deployment = deployment
        self._clock = clock
        self._rule_monitor = rule_monitor

    def active(self) -> ActivePolicy:
        """The policy in force; `Unavailable` while there is none."""
        active = self._deployment.current()
        return ActivePolicy(active.policy, active.certificate, self._deployment.refused)

    def rule_activity(self) -> RuleActivity:
        """What the rules of the policy in force have said."""
        rules, monitor = tuple(self._deployment.current().policy.rules), self._rule_monitor
        return RuleActivity(monitor.stretch, monitor.decisions, rules, tuple(monitor.of(rule.id) for rule in rules))

    async def store_rule_stats(self) -> None:
        """Store what rules have said since the last time; a crash loses at most that."""
        stats = self._rule_monitor.take_unsaved()
        if stats:
            await self._ledger.monitoring.save_rule_stats(stats)

    def reload(self) -> ActivePolicy:
        """The policy in force after the file was read again; an invalid file leaves the policy before it in force."""
        self._deployment.reload()
        return self.active()

    def check(self, text: str) -> CheckedPolicy:
        """A policy text bound to the catalogue in force, as it would be if it took effect.

        Raises
        ------
        PolicyError
            If it would be rejected; all faults are named.
        """
        active, loaded = self._deployment.current(), parse_policy(text)
        policy = active.under(loaded).policy
        findings = lint_policy(loaded, active.catalogue, active.attribute_types, as_of=self._clock())
        return CheckedPolicy(policy, active.certificate, findings)

    def diff(self, request: PolicyDiffRequest) -> PolicyDiff:
        """What another policy would have decided, on the newest recorded decisions."""
        active = self._deployment.current()
        old = active if request.old is None else active.under(parse_policy(request.old, source="old"))
        new = active.under(parse_policy(request.policy))
        since = request.since or self._clock() - _LOOK_BACK
        records = self._ledger.decisions.list_receipts(since, limit=request.limit + 1)
        truncated = len(records) > request.limit
        return compare_records(records[: request.limit], old, new, since, by=request.by, truncated=truncated)
