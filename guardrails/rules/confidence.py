"""Confidence threshold: choices of low confidence go to review.

Without `certificate` the threshold is `act_at_least`. With a valid certificate it is the larger of `act_at_least` and
the certified threshold. Without a valid certificate, every act goes to review where one is required, and `act_at_least`
applies where it is not.
"""

import math
from typing import Annotated, Literal

from pydantic import Field

from heed.decisioning.certificate import Certificate
from heed.decisioning.customer import Facts
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.rules.certificate_check import CertificateRequirement, certificate_objection
from heed.guardrails.rules.rule import Rule


class ConfidenceRule(Rule):
    """Lowest confidence at which heed acts without review.

    Attributes
    ----------
    act_at_least : float
        In [0, 1].
    certificate : CertificateRequirement or None
        The model certificate to use as well; without it, certificates are ignored.
    """

    kind: Literal["confidence"]
    act_at_least: Annotated[float, Field(strict=True, ge=0, le=1, examples=["0.6"])]
    certificate: CertificateRequirement | None = Field(default=None, examples=["{loss: harm, alpha: 0.02, delta: 0.1}"])


def evaluate_choice(rule: ConfidenceRule, weighing: str, facts: Facts, choice: Choice) -> Verdict:
    """Review below the threshold; NaN counts as below.

    Parameters
    ----------
    weighing : str
        Digest of how the policy computes net values, which a certificate must share.
    """
    if rule.certificate is None:
        return _compare(rule, choice, rule.act_at_least, "asked for")
    against = certificate_objection(rule.certificate, choice.certificate, weighing, facts)
    if against is None:
        return _certified(rule, choice, choice.certificate)
    if rule.certificate.required:
        required = f"A valid certificate of {rule.certificate.loss.value} is required."
        return rule.against(Effect.REVIEW, f"{required} {against}")
    return _compare(rule, choice, rule.act_at_least, "asked for", f" {against}")


def _certified(rule: ConfidenceRule, choice: Choice, certificate: Certificate | None) -> Verdict:
    if certificate is None or certificate.threshold < rule.act_at_least:
        return _compare(rule, choice, rule.act_at_least, "asked for, which is stricter than what is certified")
    return _compare(rule, choice, certificate.threshold, f"certified to keep {certificate.promise}")


def _compare(rule: ConfidenceRule, choice: Choice, threshold: float, why: str, note: str = "") -> Verdict:
    required = f"{_threshold_text(threshold)} {why}.{note}"
    if choice.confidence >= threshold:
        return rule.allow(f"Confidence {_confidence_text(choice.confidence)} reaches the {required}")
    return rule.against(Effect.REVIEW, f"Confidence {_confidence_text(choice.confidence)} is below the {required}")


def _threshold_text(threshold: float) -> str:
    return f"{threshold:.1%}"


def _confidence_text(confidence: float) -> str:
    """Percent to one decimal, rounded down so that a value below a threshold also looks so."""
    return f"{math.floor(confidence * 1000) / 10:.1f}%" if math.isfinite(confidence) else "unknown"
