"""Making a certificate from recorded moments, or saying why none can be made and what it would take."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heed.decisioning.certificate import Certificate, Evidence, format_bound
from heed.decisioning.net_value_digest import net_value_digest
from heed.training.certificate.assumptions import assumptions
from heed.training.certificate.decision_points import DecisionPoints
from heed.training.certificate.holdout_check import holdout_data
from heed.training.certificate.learn_then_test import (
    GRID,
    LearnThenTestResult,
    RiskPoint,
    learn_then_test,
    min_customers,
    risk_at,
    seen,
)
from heed.training.certificate.request import CertificateRequest
from heed.training.certificate.risk import decision_points
from heed.training.certificate.samples import LossSample, customers_needed
from heed.training.evaluation.candidate_scores import action_indices, eligible_actions, score_candidates
from heed.training.evaluation.eval_data import EvalData
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import with_certificate

# Bounds take a search each, and a picture needs no more than these.
_SHOWN = slice(4, None, 5)


@dataclass(frozen=True, slots=True)
class CertificationResult:
    """What came of certifying.

    Attributes
    ----------
    certificate : Certificate or None
        None where nothing can be certified.
    sentence : str
        What is certified, or why nothing is and what it would take.
    curve : tuple of RiskPoint
        Loss and bound at some thresholds, strictest first, each by itself.
    """

    certificate: Certificate | None
    sentence: str
    request: CertificateRequest
    curve: tuple[RiskPoint, ...]


def certify(
    bundle: Bundle, eval_data: EvalData, request: CertificateRequest, *, sealed: bool, now: datetime
) -> CertificationResult:
    """The least confidence from which on the loss is certified to stay small.

    Parameters
    ----------
    eval_data : EvalData
        Contacts and holds that the model was not fitted on, with what heed would have done by the policy's terms.
    sealed : bool
        Whether they are the sealed part of the data that the model was trained on.
    now : datetime
        When the certificate begins to count.

    Raises
    ------
    TrainingError
        If the data cannot tell of this loss at all, or the model has learnt from all of them.
    """
    looked_at = _by_catalogue(bundle, holdout_data(bundle.card, eval_data))
    points = decision_points(request.loss, looked_at, clip=request.clip)
    found = learn_then_test(points, request.alpha, request.delta, seed=request.seed)
    curve = seen(found.points, request.delta, seed=request.seed, grid=GRID[_SHOWN])
    if found.certified is None:
        return CertificationResult(None, _why_none(found, points, request), request, curve)
    at = risk_at(found.certified.threshold, found.certified.sample, request.delta)
    certificate = Certificate(
        loss=request.loss,
        alpha=request.alpha,
        delta=request.delta,
        threshold=at.threshold,
        evidence=Evidence(len(points), points.customers, at.executed, at.risk, at.upper, points.clipped),
        method=found.certified.sample.method,
        grid=GRID,
        data_digest=eval_data.data.digest,
        model_digest=with_certificate(bundle, None).digest,
        weighing=net_value_digest(eval_data.terms, bundle.catalogue.actions),
        sealed=sealed,
        certified_at=now,
        valid_until=now + timedelta(days=request.days),
        assumptions=assumptions(request, points, looked_at, sealed=sealed),
    )
    return CertificationResult(certificate, _promise(certificate), request, curve)


def _by_catalogue(bundle: Bundle, eval_data: EvalData) -> EvalData:
    """The same with choices among the model's whole catalogue, as in service, where the data know other actions."""
    actions, terms = bundle.catalogue.actions, eval_data.terms
    if net_value_digest(terms, eval_data.choices.actions) == net_value_digest(terms, actions):
        return eval_data
    done = action_indices(actions, eval_data.action)
    admitted = eligible_actions(eval_data.data, eval_data.rows, actions, done)
    made = score_candidates(bundle, eval_data.data, eval_data.rows, actions, admitted, terms)
    return replace(eval_data, done=done, choices=made)


def _promise(made: Certificate) -> str:
    seen = made.evidence
    risk, upper = format_bound(made.loss, seen.risk), format_bound(made.loss, seen.upper)
    return (
        f"From a confidence of {made.threshold:.0%} on, heed keeps {made.promise}: "
        f"{seen.executed:,} customers show {risk}, at most {upper}."
    )


def _why_none(found: LearnThenTestResult, points: DecisionPoints, request: CertificateRequest) -> str:
    """Why nothing can be certified: too few contacts, a loss that is too large, or both."""
    sample, bound = found.tested[0].sample, format_bound(request.loss, request.alpha)
    if not points.estimated and sample.worth < min_customers(request.alpha, request.delta):
        return _too_few(sample, request, bound)
    first = risk_at(found.tested[0].threshold, sample, request.delta)
    told = f"From a confidence of {first.threshold:.0%} on, {first.executed:,} customers show a mean loss of "
    told += f"{format_bound(request.loss, first.risk)}, which may be up to {format_bound(request.loss, first.upper)}"
    customers = customers_needed(sample, request.alpha, request.delta)
    if customers is None:
        return f"{told}. That is too much, or known too badly, to certify at most {bound}."
    return f"{told}. At this loss it takes about {customers:,} such customers to certify at most {bound}."


def _too_few(sample: LossSample, request: CertificateRequest, bound: str) -> str:
    least = min_customers(request.alpha, request.delta)
    customers = math.ceil(least * sample.executed / sample.worth) if sample.executed else least
    return (
        f"Too few contacts: {sample.executed:,} customers were contacted as heed would have contacted them, and it "
        f"takes about {customers:,} without any loss to certify {request.loss.value} of at most {bound}."
    )
