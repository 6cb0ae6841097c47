"""The policy as the API shows it, with the certificate that its rules may ask for."""

from datetime import datetime

from heed.decisioning.certificate import Certificate
from heed.guardrails.lint.policy_lint import lint_policy
from heed.guardrails.policy.load import parse_policy
from heed.guardrails.policy.policy_model import AnyRule, Policy
from heed.serving.api.response_models import (
    CertificateView,
    LivenessView,
    PolicyChecked,
    PolicyView,
    RuleLiveness,
    RuleView,
)
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.deployment.policy_file import RejectedPolicy
from heed.serving.observability.rule_monitor import RuleMonitor


def policy_view(policy: Policy, certificate: Certificate | None, refused: RejectedPolicy | None = None) -> PolicyView:
    """Name, hash and rules in words, beside what was refused and what the model in force is certified for."""
    rules = [RuleView(one.id, one.kind, one.purpose, one.owner, one.mode) for one in policy.rules]
    shown = None if certificate is None else _shown(certificate)
    return PolicyView(policy.name, policy.hash, rules, shown, refused)


def liveness_view(policy: Policy, liveness: RuleMonitor) -> LivenessView:
    """What the rules of a policy have said, in its order."""
    rules = [_rule_liveness(rule, liveness) for rule in policy.rules]
    return LivenessView(liveness.stretch, liveness.decisions, rules)


def _rule_liveness(rule: AnyRule, liveness: RuleMonitor) -> RuleLiveness:
    count = liveness.of(rule.id)
    silent = f"used to object, and did not once in {liveness.stretch} decisions: does it still match?"
    return RuleLiveness(
        id=rule.id,
        kind=rule.kind,
        mode=rule.mode,
        evaluated=count.evaluated,
        suppressed=count.suppressed,
        reviewed=count.reviewed,
        errored=count.errored,
        observed=count.observed,
        last_fired=count.last_fired,
        silent_since=count.silent_since,
        warning=None if count.silent_since is None else silent,
    )


def checked_policy(text: str, in_force: ActiveVersions, now: datetime) -> PolicyChecked:
    """A policy text, read and bound to the catalogue in force as it would be if it took effect, with what it does.

    Raises
    ------
    PolicyError
        If it would be refused; all faults are named.
    """
    loaded = parse_policy(text)
    shown = policy_view(in_force.under(loaded).policy, in_force.certificate)
    found = lint_policy(loaded, in_force.catalogue, in_force.attribute_types, as_of=now)
    return PolicyChecked(shown.name, shown.hash, shown.rules, shown.certificate, found)


def _shown(certificate: Certificate) -> CertificateView:
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
