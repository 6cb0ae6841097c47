"""A certificate and the work of reviewers as parts of an evaluation's report."""

from collections.abc import Sequence

from heed.decisioning.canonical import to_plain
from heed.decisioning.certificate import format_bound
from heed.training.certificate.capacity import CapacityPoint
from heed.training.certificate.certify import CertificationResult
from heed.training.evaluation.json_values import nonfinite_to_null
from heed.training.model.certificate_json import certificate_to_dict
from heed.training.reporting.html_page import render_details, render_image, render_list, render_paragraph, render_table
from heed.training.reporting.plots.certificate_figures import capacity_figure, certificate_figure
from heed.training.reporting.plots.reliability_diagram import picture
from heed.training.reporting.report_section import ReportSection

_NO_PROMISE = (
    "What people gain is reckoned from the model's own doubt, and at most so much if they always find the best. "
    "Guardrails are not counted: they take acts away before anybody is asked."
)


def certificate_section(found: CertificationResult, currency: str) -> ReportSection:
    """The certificate, or why there is none."""
    drawn = picture(certificate_figure(found, currency))
    made = found.certificate
    loss = found.request.loss
    rows = [
        (f"{one.threshold:.0%}", f"{one.executed:,}", format_bound(loss, one.risk), format_bound(loss, one.upper))
        for one in found.curve
    ]
    return ReportSection(
        name="certificate",
        heading="From which confidence on may heed act by itself?",
        parts=(
            render_paragraph(found.sentence),
            render_image(drawn, found.sentence),
            "" if made is None else render_paragraph("It holds if:"),
            "" if made is None else render_list(made.assumptions),
            render_details("Threshold by threshold", render_table(("from", "customers", "mean loss", "at most"), rows)),
        ),
        files={"certificate.png": drawn},
        numbers=nonfinite_to_null(
            {
                "certificate": None if made is None else certificate_to_dict(made),
                "sentence": found.sentence,
                "curve": to_plain(found.curve),
            }
        ),
        sentences=(found.sentence,),
    )


def capacity_section(readings: Sequence[CapacityPoint], chosen: Sequence[float], currency: str) -> ReportSection:
    """What the capacities that were asked about mean, and those around them."""
    drawn = picture(capacity_figure(readings, chosen, currency))
    told = tuple(capacity_sentence(one, currency) for one in readings if one.capacity in chosen)
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
    return ReportSection(
        name="capacity",
        heading="What can reviewers take on?",
        parts=(
            render_list(told),
            render_image(drawn, " ".join(told)),
            render_details("Step by step", render_table(head, rows)),
            render_paragraph(_NO_PROMISE, "quiet"),
        ),
        files={"capacity.png": drawn},
        numbers=nonfinite_to_null(to_plain(readings)),
        sentences=told,
    )


def capacity_sentence(one: CapacityPoint, currency: str) -> str:
    """What one capacity means."""
    return (
        f"For {one.capacity:,.4g} review cases a day, send acts of a confidence below {one.threshold:.1%} to people: "
        f"{one.reviews_a_day:,.1f} a day ({one.busy_day:,.0f} on a busy one) of {one.acts_a_day:,.1f}, heed makes "
        f"{one.automated:.1%} by itself, and a case brings {one.per_review:,.3g} {currency} at most."
    )
