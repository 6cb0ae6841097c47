"""The policy as the API returns it, with the model's certificate."""

from collections.abc import Sequence

from heed.decisioning.certificate import Certificate
from heed.guardrails.policy.policy_model import Policy
from heed.serving.api.response_models import (
    CertificateView,
    LivenessView,
    PolicyChecked,
    PolicyView,
    RuleLiveness,
    RuleView,
)
from heed.serving.operations.policy import ActivePolicy, CheckedPolicy, RuleActivity


def policy_view(active: ActivePolicy) -> PolicyView:
    """Name, hash and rules of a policy, a rejected policy file, and the model's certificate."""
    policy = active.policy
    return PolicyView(policy.name, policy.hash, _rules(policy), _certificate_view(active.certificate), active.rejected)


def checked_view(checked: CheckedPolicy) -> PolicyChecked:
    """A valid policy, with the linter's findings."""
    policy = checked.policy
    return PolicyChecked(
        policy.name, policy.hash, _rules(policy), _certificate_view(checked.certificate), checked.findings
    )


def liveness_view(activity: RuleActivity) -> LivenessView:
    """Statistics per rule of the active policy, in its order."""
    rules = [_rule_liveness(activity, place) for place in range(len(activity.rules))]
    return LivenessView(activity.stretch, activity.decisions, rules)


def _rules(policy: Policy) -> Sequence[RuleView]:
    return [RuleView(rule.id, rule.kind, rule.purpose, rule.owner, rule.mode) for rule in policy.rules]


def _rule_liveness(activity: RuleActivity, place: int) -> RuleLiveness:
    rule, stats = activity.rules[place], activity.stats[place]
    silent = f"has stopped triggering: not once in {activity.stretch} decisions; does it still match?"
    return RuleLiveness(
        id=rule.id,
        kind=rule.kind,
        mode=rule.mode,
        evaluated=stats.evaluated,
        suppressed=stats.suppressed,
        reviewed=stats.reviewed,
        errored=stats.errored,
        observed=stats.observed,
        last_fired=stats.last_fired,
        silent_since=stats.silent_since,
        warning=None if stats.silent_since is None else silent,
    )


def _certificate_view(certificate: Certificate | None) -> CertificateView | None:
    if certificate is None:
        return None
    return CertificateView(
        promise=certificate.promise,
        threshold=certificate.threshold,
        loss=certificate.loss,
        alpha=certificate.alpha,
        delta=certificate.delta,
        customers=certificate.evidence.executed,
        risk=certificate.evidence.risk,
        upper=certificate.evidence.upper,
        certified_at=certificate.certified_at,
        valid_until=certificate.valid_until,
        assumptions=certificate.assumptions,
    )
