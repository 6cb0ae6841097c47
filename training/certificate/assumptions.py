"""What a certificate takes for granted, in sentences: it is worth no more than they are."""

from collections.abc import Iterator

from heed.decisioning.certificate import Loss
from heed.decisioning.value import ValueTerms
from heed.training.certificate.decision_points import DecisionPoints
from heed.training.certificate.request import CertificateRequest
from heed.training.certificate.risk import inverse_propensities
from heed.training.contract.table_schemas import HARMS
from heed.training.evaluation.eval_data import EvalData

_ONCE = "Bound and probability were chosen before the evidence was seen: trying several until one holds is not covered."
_UNGUARDED = (
    "No guardrail was asked: every action of the catalogue competed. In service rules take candidates away, and what "
    "is chosen among the rest is taken to do no more harm."
)


def assumptions(
    request: CertificateRequest, points: DecisionPoints, eval_data: EvalData, *, sealed: bool
) -> tuple[str, ...]:
    """What must hold for this certificate to be true of decisions to come."""
    return (
        "Customers to come are exchangeable with those of the evidence, who are independent of one another.",
        _unseen(sealed=sealed),
        _terms(eval_data.terms),
        _ONCE,
        _UNGUARDED,
        *(_harm(request, points, eval_data) if request.loss is Loss.HARM else _regret(request, points)),
    )


def _unseen(*, sealed: bool) -> str:
    if sealed:
        return "The evidence is the sealed part of the training data: no customer of it was learnt or calibrated from."
    return "The evidence is of other data than the training data: no contact of it was learnt or calibrated from."


def _terms(terms: ValueTerms) -> str:
    levers = ", ".join(f"{name} x {lever:g}" for name, lever in sorted(terms.levers.items())) or "none"
    return (
        f"Net values are reckoned as they were here: harm cost {terms.harm_cost:g}, tolerance {terms.tolerance:g}, "
        f"levers {levers}, and the catalogue's values and costs."
    )


def _harm(request: CertificateRequest, points: DecisionPoints, eval_data: EvalData) -> Iterator[str]:
    kinds = ", ".join(HARMS)
    yield f"Harm is what was recorded within the contact's window as {kinds}; what nobody records is no harm."
    if inverse_propensities(eval_data) is None:
        yield (
            "Not every contact has a propensity, so none is weighted: customers whom others chose to contact as heed "
            "would are taken to be like those whom heed would contact."
        )
    if points.equal:
        yield (
            "Each customer counts once, by one of the contacts that heed would have made too, drawn by seed "
            f"{request.seed}: the certificate is about customers, not about those contacted most."
        )
    else:
        yield from _weighted(request, points)


def _regret(request: CertificateRequest, points: DecisionPoints) -> Iterator[str]:
    yield "An act worth less than holding is a loss, one worth more a gain, and it is their mean that is certified."
    yield from _weighted(request, points)


def _weighted(request: CertificateRequest, points: DecisionPoints) -> Iterator[str]:
    yield (
        "Logged propensities are true, none smaller exists than the smallest seen, and what heed would do could have "
        "been done: of moments at which it could not, nothing is certified. Several losses of one customer count as "
        "no more than the largest that one moment can bring."
    )
    if points.clipped > 0.0:
        yield (
            f"Inverse propensities are clipped at {request.clip:g}, which takes {points.clipped:.1%} of the weight "
            "away: contacts that were less likely count too little."
        )
