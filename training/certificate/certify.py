"""Make a certificate from recorded decisions, or say why not and what it would take."""

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
    risk_curve,
)
from heed.training.certificate.request import CertificateRequest
from heed.training.certificate.risk import decision_points
from heed.training.certificate.samples import LossSample, customers_needed
from heed.training.evaluation.candidate_scores import action_indices, eligible_actions, score_candidates
from heed.training.evaluation.eval_data import EvalData
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import with_certificate

# Every bound is a search, and a figure needs no more than these.
_SHOWN = slice(4, None, 5)


@dataclass(frozen=True, slots=True)
class CertificationResult:
    """The result of certification.

    Attributes
    ----------
    certificate : Certificate or None
        None where no threshold can be certified.
    sentence : str
        What is certified, or why nothing is and what it would take.
    curve : tuple of RiskPoint
        Loss and bound at some thresholds, strictest first, each on its own.
    """

    certificate: Certificate | None
    sentence: str
    request: CertificateRequest
    curve: tuple[RiskPoint, ...]


def certify(
    bundle: Bundle, eval_data: EvalData, request: CertificateRequest, *, sealed: bool, now: datetime
) -> CertificationResult:
    """The lowest confidence threshold at which the loss is certified to stay below the bound.

    Parameters
    ----------
    eval_data : EvalData
        Contacts and holds that the model was not fitted on, with heed's choices under the policy's terms.
    sealed : bool
        Whether they are the test set of the model's training data.
    now : datetime
        Start of validity.

    Raises
    ------
    TrainingError
        If the data do not record this loss, or the model was fitted on all of them.
    """
    holdout = _by_catalogue(bundle, holdout_data(bundle.card, eval_data))
    points = decision_points(request.loss, holdout, clip=request.clip)
    tested = learn_then_test(points, request.alpha, request.delta, seed=request.seed)
    curve = risk_curve(tested.points, request.delta, seed=request.seed, grid=GRID[_SHOWN])
    if tested.certified is None:
        return CertificationResult(None, _why_none(tested, points, request), request, curve)
    at = risk_at(tested.certified.threshold, tested.certified.sample, request.delta)
    certificate = Certificate(
        loss=request.loss,
        alpha=request.alpha,
        delta=request.delta,
        threshold=at.threshold,
        evidence=Evidence(len(points), points.customers, at.executed, at.risk, at.upper, points.clipped),
        method=tested.certified.sample.method,
        grid=GRID,
        data_digest=eval_data.data.digest,
        model_digest=with_certificate(bundle, None).digest,
        weighing=net_value_digest(eval_data.terms, bundle.catalogue.actions),
        sealed=sealed,
        certified_at=now,
        valid_until=now + timedelta(days=request.days),
        assumptions=assumptions(request, points, holdout, sealed=sealed),
    )
    return CertificationResult(certificate, _promise(certificate), request, curve)


def _by_catalogue(bundle: Bundle, eval_data: EvalData) -> EvalData:
    """The same data with choices among the model's whole catalogue, as in production."""
    actions, terms = bundle.catalogue.actions, eval_data.terms
    if net_value_digest(terms, eval_data.choices.actions) == net_value_digest(terms, actions):
        return eval_data
    done = action_indices(actions, eval_data.action)
    admitted = eligible_actions(eval_data.data, eval_data.rows, actions, done)
    choices = score_candidates(bundle, eval_data.data, eval_data.rows, actions, admitted, terms)
    return replace(eval_data, done=done, choices=choices)


def _promise(certificate: Certificate) -> str:
    evidence = certificate.evidence
    risk, upper = format_bound(certificate.loss, evidence.risk), format_bound(certificate.loss, evidence.upper)
    return (
        f"At a confidence of {certificate.threshold:.0%} or more, heed keeps {certificate.promise}: "
        f"{evidence.executed:,} customers show {risk}, upper bound {upper}."
    )


def _why_none(tested: LearnThenTestResult, points: DecisionPoints, request: CertificateRequest) -> str:
    """Why nothing can be certified: too few contacts, too large a loss, or both."""
    sample, bound = tested.tested[0].sample, format_bound(request.loss, request.alpha)
    if not points.estimated and sample.worth < min_customers(request.alpha, request.delta):
        return _too_few(sample, request, bound)
    first = risk_at(tested.tested[0].threshold, sample, request.delta)
    observed = f"At a confidence of {first.threshold:.0%} or more, {first.executed:,} customers show a mean loss of "
    risk, upper = (format_bound(request.loss, value) for value in (first.risk, first.upper))
    observed += f"{risk}, with an upper bound of {upper}"
    customers = customers_needed(sample, request.alpha, request.delta)
    if customers is None:
        return f"{observed}. That is too much, or too uncertain, to certify at most {bound}."
    return f"{observed}. At this loss it takes about {customers:,} such customers to certify at most {bound}."


def _too_few(sample: LossSample, request: CertificateRequest, bound: str) -> str:
    least = min_customers(request.alpha, request.delta)
    customers = math.ceil(least * sample.executed / sample.worth) if sample.executed else least
    return (
        f"Too few contacts: {sample.executed:,} customers were contacted as heed would have contacted them, and it "
        f"takes about {customers:,} without any loss to certify {request.loss.value} of at most {bound}."
    )
