"""A certificate and the work of reviewers as parts of an evaluation's report."""

from collections.abc import Sequence

from decisioning.canonical import plain
from decisioning.certificate import amount
from training.certificate.capacity import Reading
from training.certificate.certify import Finding
from training.certificate.pictures import capacity_figure, certificate_figure
from training.certificate.stored import to_dict
from training.evaluation.evaluate import finite
from training.evaluation.extra import Extra
from training.evaluation.page import folded, image, items, paragraph, table
from training.evaluation.reliability import picture

_NO_PROMISE = (
    "What people gain is reckoned from the model's own doubt, and at most so much if they always find the best. "
    "Guardrails are not counted: they take acts away before anybody is asked."
)


def certificate_part(found: Finding, currency: str) -> Extra:
    """The certificate, or why there is none."""
    drawn = picture(certificate_figure(found, currency))
    made = found.certificate
    loss = found.asked.loss
    rows = [
        (f"{one.threshold:.0%}", f"{one.executed:,}", amount(loss, one.risk), amount(loss, one.upper))
        for one in found.curve
    ]
    return Extra(
        name="certificate",
        heading="From which confidence on may heed act by itself?",
        parts=(
            paragraph(found.sentence),
            image(drawn, found.sentence),
            "" if made is None else paragraph("It holds if:"),
            "" if made is None else items(made.assumptions),
            folded("Threshold by threshold", table(("from", "customers", "mean loss", "at most"), rows)),
        ),
        files={"certificate.png": drawn},
        numbers=finite(
            {
                "certificate": None if made is None else to_dict(made),
                "sentence": found.sentence,
                "curve": plain(found.curve),
            }
        ),
        sentences=(found.sentence,),
    )


def capacity_part(readings: Sequence[Reading], chosen: Sequence[float], currency: str) -> Extra:
    """What the capacities that were asked about mean, and those around them."""
    drawn = picture(capacity_figure(readings, chosen, currency))
    told = tuple(in_words(one, currency) for one in readings if one.capacity in chosen)
    rows = [
        (
            f"{one.reviews_a_day:,.1f}",
            f"{one.busy_day:,.0f}",
            f"{one.threshold:.1%}",
            f"{one.automated:.1%}",
            f"{one.per_review:,.3g}",
            f"{one.gained_a_day:,.4g}",
        )
        for one in readings
    ]
    head = ("cases a day", "on a busy day", "below", "by itself", f"{currency} a case", f"{currency} a day")
    return Extra(
        name="capacity",
        heading="What can reviewers take on?",
        parts=(
            items(told),
            image(drawn, " ".join(told)),
            folded("Step by step", table(head, rows)),
            paragraph(_NO_PROMISE, "quiet"),
        ),
        files={"capacity.png": drawn},
        numbers=finite(plain(readings)),
        sentences=told,
    )


def in_words(one: Reading, currency: str) -> str:
    """What one capacity means."""
    return (
        f"For {one.capacity:,.4g} review cases a day, send acts of a confidence below {one.threshold:.1%} to people: "
        f"{one.reviews_a_day:,.1f} a day ({one.busy_day:,.0f} on a busy one) of {one.acts_a_day:,.1f}, heed makes "
        f"{one.automated:.1%} by itself, and a case brings {one.per_review:,.3g} {currency} at most."
    )
