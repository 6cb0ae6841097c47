"""The policy as the API shows it, with the certificate that its rules may ask for."""

from decisioning.catalogue import Catalogue
from decisioning.certificate import Certificate
from guardrails.guard import guard_of
from guardrails.loading import parse_policy
from guardrails.policy import Policy
from serving.pages import CertificateView, PolicyView, RuleView


def view(policy: Policy, certificate: Certificate | None) -> PolicyView:
    """Name, hash and rules in words, beside what the model in force is certified for."""
    rules = [RuleView(one.id, one.kind, one.purpose, one.owner, one.mode) for one in policy.rules]
    return PolicyView(policy.name, policy.hash, rules, None if certificate is None else _shown(certificate))


def checked(text: str, catalogue: Catalogue, certificate: Certificate | None) -> PolicyView:
    """A policy text, read and bound to the catalogue in force as it would be if it took effect.

    Raises
    ------
    PolicyError
        If it would be refused; all faults are named.
    """
    return view(guard_of(parse_policy(text), catalogue).policy, certificate)


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
