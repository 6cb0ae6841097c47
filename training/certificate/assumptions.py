"""The assumptions of a certificate, in sentences."""

from collections.abc import Iterator

from heed.decisioning.certificate import Loss
from heed.decisioning.value import ValueTerms
from heed.training.certificate.decision_points import DecisionPoints
from heed.training.certificate.request import CertificateRequest
from heed.training.certificate.risk import inverse_propensities
from heed.training.contract.table_schemas import HARMS
from heed.training.evaluation.eval_data import EvalData

_ONCE = "Bound and error probability were chosen before the data were seen: repeated attempts are not covered."
_UNGUARDED = (
    "Guardrails are not applied: every action of the catalogue competed. In production, rules remove candidates, and "
    "the choice among the rest is assumed to do no more harm."
)


def assumptions(
    request: CertificateRequest, points: DecisionPoints, eval_data: EvalData, *, sealed: bool
) -> tuple[str, ...]:
    """What must hold for the certificate to be valid for future decisions."""
    return (
        "Future customers are exchangeable with those in the data, who are independent of one another.",
        _holdout(sealed=sealed),
        _terms(eval_data.terms),
        _ONCE,
        _UNGUARDED,
        *(_harm(request, points, eval_data) if request.loss is Loss.HARM else _regret(request, points)),
    )


def _holdout(*, sealed: bool) -> str:
    if sealed:
        return (
            "The data are the test set of the training data: the model was not fitted or calibrated on its customers."
        )
    return "The data are not the training data: none of these contacts was fitted or calibrated on."


def _terms(terms: ValueTerms) -> str:
    levers = ", ".join(f"{name} x {lever:g}" for name, lever in sorted(terms.levers.items())) or "none"
    return (
        f"Net values are computed as here: harm cost {terms.harm_cost:g}, tolerance {terms.tolerance:g}, "
        f"levers {levers}, and the catalogue's values and costs."
    )


def _harm(request: CertificateRequest, points: DecisionPoints, eval_data: EvalData) -> Iterator[str]:
    kinds = ", ".join(HARMS)
    yield f"Harm is what was recorded within the contact's window as {kinds}; unrecorded harm does not count."
    if inverse_propensities(eval_data) is None:
        yield (
            "Not every contact has a propensity, so none is weighted: customers whom the logging policy contacted as "
            "heed would are assumed to be like those whom heed would contact."
        )
    if points.equal:
        yield (
            "Each customer counts once, by a random one of the contacts that heed would also have made (seed "
            f"{request.seed}): the certificate is per customer and does not favor those contacted most."
        )
    else:
        yield from _weighted(request, points)


def _regret(request: CertificateRequest, points: DecisionPoints) -> Iterator[str]:
    yield "An act worth less than holding is a loss, one worth more a gain; the certificate bounds their mean."
    yield from _weighted(request, points)


def _weighted(request: CertificateRequest, points: DecisionPoints) -> Iterator[str]:
    yield (
        "Logged propensities are correct, none is smaller than the smallest observed, and the logging policy could "
        "choose what heed would: nothing is certified where it could not. Several losses of one customer count at most "
        "as much as the largest possible loss of one decision."
    )
    if points.clipped > 0.0:
        yield (
            f"Inverse propensities are clipped at {request.clip:g}, which removes {points.clipped:.1%} of the weight: "
            "contacts with smaller propensities count too little."
        )
