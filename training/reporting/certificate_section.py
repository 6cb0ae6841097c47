"""The certificate and the reviewers' workload as sections of a report."""

from collections.abc import Sequence

from heed.decisioning.canonical import to_plain
from heed.decisioning.certificate import format_bound
from heed.training.certificate.capacity import CapacityPoint
from heed.training.certificate.certify import CertificationResult
from heed.training.evaluation.json_values import nonfinite_to_null
from heed.training.model.certificate_json import certificate_to_dict
from heed.training.reporting.blocks import BulletList, Details, Image, Paragraph, ReportSection, Table
from heed.training.reporting.plots.certificate_figures import capacity_figure, certificate_figure
from heed.training.reporting.plots.plot_style import render_figure

_CAVEAT = (
    "The value of reviews is computed from the model's own uncertainty and assumes that reviewers always find the best "
    "action. Guardrails are not applied: they remove actions before review."
)


def certificate_section(result: CertificationResult, currency: str) -> ReportSection:
    """The certificate, or why there is none."""
    figure = render_figure(certificate_figure(result, currency))
    certificate, loss = result.certificate, result.request.loss
    rows = [
        (
            f"{point.threshold:.0%}",
            f"{point.executed:,}",
            format_bound(loss, point.risk),
            format_bound(loss, point.upper),
        )
        for point in result.curve
    ]
    return ReportSection(
        name="certificate",
        label="Certificate",
        heading="Above which confidence may heed act without review?",
        blocks=(
            Paragraph(result.sentence),
            Image(figure, result.sentence),
            Paragraph("" if certificate is None else "It holds if:"),
            BulletList(() if certificate is None else certificate.assumptions),
            Details("By threshold", (Table(("threshold", "customers", "mean loss", "upper bound"), rows),)),
        ),
        files={"certificate.png": figure},
        numbers=nonfinite_to_null(
            {
                "certificate": None if certificate is None else certificate_to_dict(certificate),
                "sentence": result.sentence,
                "curve": to_plain(result.curve),
            }
        ),
        sentences=(result.sentence,),
    )


def capacity_section(curve: Sequence[CapacityPoint], requested: Sequence[float], currency: str) -> ReportSection:
    """The review thresholds for the requested capacities, and those around them."""
    figure = render_figure(capacity_figure(curve, requested, currency))
    sentences = tuple(capacity_sentence(point, currency) for point in curve if point.capacity in requested)
    rows = [
        (
            f"{point.reviews_a_day:,.1f}",
            f"{point.busy_day:,.0f}",
            f"{point.threshold:.1%}",
            f"{point.automated:.1%}",
            f"{point.per_review:,.3g}",
            f"{point.gained_a_day:,.4g}",
        )
        for point in curve
    ]
    head = ("reviews a day", "on a busy day", "threshold", "automated", f"{currency} per review", f"{currency} a day")
    return ReportSection(
        name="capacity",
        label="Capacity",
        heading="How many reviews, and what are they worth?",
        blocks=(
            BulletList(sentences),
            Image(figure, " ".join(sentences)),
            Details("By capacity", (Table(head, rows),)),
            Paragraph(_CAVEAT, quiet=True),
        ),
        files={"capacity.png": figure},
        numbers=nonfinite_to_null(to_plain(curve)),
        sentences=sentences,
    )


def capacity_sentence(point: CapacityPoint, currency: str) -> str:
    """The threshold and value of one capacity."""
    return (
        f"For {point.capacity:,.4g} reviews a day, send acts with a confidence below {point.threshold:.1%} to review: "
        f"{point.reviews_a_day:,.1f} a day ({point.busy_day:,.0f} on a busy one) of {point.acts_a_day:,.1f}. heed "
        f"automates {point.automated:.1%}, and a review adds at most {point.per_review:,.3g} {currency}."
    )
