"""The report of an evaluation: an HTML page, a JSON file, and the figures."""

import json
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from heed.training.evaluation.assessment import Assessment
from heed.training.reporting import narrative
from heed.training.reporting.blocks import ReportPage, ReportSection
from heed.training.reporting.evaluation_sections import evaluation_sections
from heed.training.reporting.html_page import render_page
from heed.training.reporting.plots.evaluation_figures import (
    confidence_figure,
    fairness_figure,
    lift_figure,
    policies_figure,
    segments_figure,
    uplift_figure,
)
from heed.training.reporting.plots.plot_style import render_figure
from heed.training.reporting.plots.reliability_diagram import reliability_by_action_figure, reliability_figure

PAGE, NUMBERS = "report.html", "evaluation.json"


def build_report(assessment: Assessment, extras: Sequence[ReportSection] = ()) -> dict[str, bytes]:
    """Files by name: ``report.html``, ``evaluation.json``, and a PNG for each figure.

    The page embeds its figures and needs no network. Sections without data are left out.

    Parameters
    ----------
    extras : sequence of ReportSection
        Further sections, in the JSON by their names.
    """
    figures = {name: render_figure(figure) for name, figure in _figures(assessment).items()}
    numbers = assessment.to_dict() | {extra.name: extra.numbers for extra in extras}
    files = {
        PAGE: render_page(_page(assessment, figures, extras)),
        NUMBERS: json.dumps(numbers, indent=1, ensure_ascii=False, allow_nan=False).encode(),
        **{f"{name}.png": content for name, content in figures.items()},
    }
    return files | {name: content for extra in extras for name, content in extra.files.items()}


def _page(assessment: Assessment, figures: Mapping[str, bytes], extras: Sequence[ReportSection]) -> ReportPage:
    results, currency = assessment.results, assessment.bundle.catalogue.currency
    rows = "the test set of its own data" if assessment.test_set_only else "data it was not trained on"
    return ReportPage(
        title=f"Model evaluation: model {assessment.version}",
        heading="Is the model well calibrated, and what is it worth?",
        about=(
            f"Model {assessment.version}, outcome `{assessment.bundle.outcome}`, evaluated on "
            f"{assessment.counts.judged:,} rows of {rows}."
        ),
        lead=narrative.lead_paragraph(assessment.evaluation, results),
        value=next(narrative.policy_sentences(results.policies, currency)),
        sections=evaluation_sections(assessment, figures, extras),
        passed=assessment.evaluation.passed,
    )


def _figures(assessment: Assessment) -> dict[str, Figure]:
    results, holdout = assessment.results, assessment.eval_data.holdout
    currency = assessment.bundle.catalogue.currency
    title = f"Probability of {assessment.bundle.outcome}"
    by_action = {name: (propensity, label) for name, propensity, label in holdout.by_action()}
    figures = {
        "reliability": reliability_figure(holdout.propensity, holdout.label, title),
        "reliability_by_action": reliability_by_action_figure(by_action),
        "segments": segments_figure(results.segments),
    }
    if results.lift:
        figures["lift"] = lift_figure(results.lift)
    if results.uplift:
        figures["uplift"] = uplift_figure(results.uplift[0])
    if results.harm:
        figures["harm"] = segments_figure({"action": results.harm}, "Share of contacts with harm")
    if results.policies is not None:
        figures["policies"] = policies_figure(results.policies, currency)
    if results.confidence.surest:
        figures["confidence"] = confidence_figure(results.confidence.surest, currency)
    if results.fairness:
        figures["fairness"] = fairness_figure(results.fairness)
    return figures
