"""Making a certificate from recorded moments, or saying why none can be made and what it would take."""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from decisioning.certificate import Certificate, Evidence, amount
from decisioning.weighing import weighing
from training.certificate.asked import Asked
from training.certificate.assumptions import assumptions
from training.certificate.control import GRID, Controlled, Seen, control, look, needed, seen
from training.certificate.losses import moments_of
from training.certificate.moments import Moments
from training.certificate.samples import Sample, customers_needed
from training.certificate.unlearnt import unlearnt
from training.evaluation.considered import consider, places_of, possible
from training.evaluation.material import Material
from training.model.bundle import Bundle
from training.model.storage import certified

# Bounds take a search each, and a picture needs no more than these.
_SHOWN = slice(4, None, 5)


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of certifying.

    Attributes
    ----------
    certificate : Certificate or None
        None where nothing can be certified.
    sentence : str
        What is certified, or why nothing is and what it would take.
    curve : tuple of Seen
        Loss and bound at some thresholds, strictest first, each by itself.
    """

    certificate: Certificate | None
    sentence: str
    asked: Asked
    curve: tuple[Seen, ...]


def certify(bundle: Bundle, material: Material, asked: Asked, *, sealed: bool, now: datetime) -> Finding:
    """The least confidence from which on the loss is certified to stay small.

    Parameters
    ----------
    material : Material
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
    looked_at = _by_catalogue(bundle, unlearnt(bundle.card, material))
    moments = moments_of(asked.loss, looked_at, clip=asked.clip)
    found = control(moments, asked.alpha, asked.delta, seed=asked.seed)
    curve = seen(found.moments, asked.delta, seed=asked.seed, grid=GRID[_SHOWN])
    if found.certified is None:
        return Finding(None, _why_none(found, moments, asked), asked, curve)
    at = look(found.certified.threshold, found.certified.sample, asked.delta)
    certificate = Certificate(
        loss=asked.loss,
        alpha=asked.alpha,
        delta=asked.delta,
        threshold=at.threshold,
        evidence=Evidence(len(moments), moments.customers, at.executed, at.risk, at.upper, moments.clipped),
        method=found.certified.sample.method,
        grid=GRID,
        data_digest=material.data.digest,
        model_digest=certified(bundle, None).digest,
        weighing=weighing(material.terms, bundle.catalogue.actions),
        sealed=sealed,
        certified_at=now,
        valid_until=now + timedelta(days=asked.days),
        assumptions=assumptions(asked, moments, looked_at, sealed=sealed),
    )
    return Finding(certificate, _promise(certificate), asked, curve)


def _by_catalogue(bundle: Bundle, material: Material) -> Material:
    """The same with choices among the model's whole catalogue, as in service, where the data know other actions."""
    actions, terms = bundle.catalogue.actions, material.terms
    if weighing(terms, material.choices.actions) == weighing(terms, actions):
        return material
    done = places_of(actions, material.action)
    admitted = possible(material.data, material.rows, actions, done)
    made = consider(bundle, material.data, material.rows, actions, admitted, terms)
    return replace(material, done=done, choices=made)


def _promise(made: Certificate) -> str:
    seen = made.evidence
    risk, upper = amount(made.loss, seen.risk), amount(made.loss, seen.upper)
    return (
        f"From a confidence of {made.threshold:.0%} on, heed keeps {made.promise}: "
        f"{seen.executed:,} customers show {risk}, at most {upper}."
    )


def _why_none(found: Controlled, moments: Moments, asked: Asked) -> str:
    """Why nothing can be certified: too few contacts, a loss that is too large, or both."""
    sample, bound = found.tested[0].sample, amount(asked.loss, asked.alpha)
    if not moments.estimated and sample.worth < needed(asked.alpha, asked.delta):
        return _too_few(sample, asked, bound)
    first = look(found.tested[0].threshold, sample, asked.delta)
    told = f"From a confidence of {first.threshold:.0%} on, {first.executed:,} customers show a mean loss of "
    told += f"{amount(asked.loss, first.risk)}, which may be up to {amount(asked.loss, first.upper)}"
    customers = customers_needed(sample, asked.alpha, asked.delta)
    if customers is None:
        return f"{told}. That is too much, or known too badly, to certify at most {bound}."
    return f"{told}. At this loss it takes about {customers:,} such customers to certify at most {bound}."


def _too_few(sample: Sample, asked: Asked, bound: str) -> str:
    least = needed(asked.alpha, asked.delta)
    customers = math.ceil(least * sample.executed / sample.worth) if sample.executed else least
    return (
        f"Too few contacts: {sample.executed:,} customers were contacted as heed would have contacted them, and it "
        f"takes about {customers:,} without any loss to certify {asked.loss.value} of at most {bound}."
    )
