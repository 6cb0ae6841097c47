"""The report of an evaluation: one page for people, one JSON file for programs, and the pictures."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from heed.training.reporting import captions, narrative, report_tables
from heed.training.reporting.html_page import (
    render_details,
    render_image,
    render_links,
    render_list,
    render_page,
    render_paragraph,
    render_section,
)
from heed.training.reporting.plots.evaluation_figures import (
    confidence_figure,
    fairness_figure,
    lift_figure,
    policies_figure,
    segments_figure,
    uplift_figure,
)
from heed.training.reporting.plots.reliability_diagram import picture, reliability_by_action_figure, reliability_figure
from heed.training.reporting.report_section import ReportSection

if TYPE_CHECKING:
    from heed.training.evaluation.assessment import Assessment

PAGE, NUMBERS = "report.html", "evaluation.json"
Pictures = Mapping[str, bytes]


def build_report(assessment: "Assessment", extras: Sequence[ReportSection] = ()) -> dict[str, bytes]:
    """Files by name: ``report.html``, ``evaluation.json``, and a PNG for each picture.

    The page holds its pictures and needs no network. What the data cannot tell has no section.

    Parameters
    ----------
    extras : sequence of ReportSection
        Further sections, in the JSON by their names.
    """
    pictures = {name: picture(figure) for name, figure in _figures(assessment).items()}
    found = assessment.to_dict() | {extra.name: extra.numbers for extra in extras}
    numbers = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False).encode()
    files = {f"{name}.png": content for name, content in pictures.items()}
    further = {name: content for extra in extras for name, content in extra.files.items()}
    return {PAGE: _page(assessment, pictures, extras), NUMBERS: numbers, **files, **further}


def _figures(assessment: "Assessment") -> dict[str, Figure]:
    found, judged = assessment.results, assessment.eval_data.holdout
    currency = assessment.bundle.catalogue.currency
    said = f"Probability of {assessment.bundle.outcome}"
    drawn = {
        "reliability": reliability_figure(judged.propensity, judged.label, said),
        "reliability_by_action": reliability_by_action_figure(
            {name: (propensity, label) for name, propensity, label in judged.by_action()}
        ),
        "segments": segments_figure(found.segments),
    }
    if found.lift:
        drawn["lift"] = lift_figure(found.lift)
    if found.uplift:
        drawn["uplift"] = uplift_figure(found.uplift[0])
    if found.harm:
        drawn["harm"] = segments_figure({"action": found.harm}, "Share of contacts that harm")
    if found.policies is not None:
        drawn["policies"] = policies_figure(found.policies, currency)
    if found.confidence.surest:
        drawn["confidence"] = confidence_figure(found.confidence.surest, currency)
    if found.fairness:
        drawn["fairness"] = fairness_figure(found.fairness)
    return drawn


def _page(assessment: "Assessment", pictures: Pictures, extras: Sequence[ReportSection]) -> bytes:
    model = f"model {assessment.version}"
    kind = "lead" if assessment.evaluation.passed else "lead off"
    return render_page(
        f"Does heed keep its word? {model}",
        [
            f"<h1>Does heed keep its word?</h1>{render_paragraph(_about(assessment), 'quiet')}",
            render_paragraph(narrative.lead_paragraph(assessment.evaluation, assessment.results), kind),
            render_paragraph(
                next(narrative.policy_sentences(assessment.results.policies, assessment.bundle.catalogue.currency))
            ),
            render_links(
                [
                    ("gates", "Gates"),
                    ("reliability", "Probabilities"),
                    ("segments", "Actions and segments"),
                    *([("uplift", "Uplift")] if assessment.results.uplift else []),
                    *([("harm", "Harm")] if assessment.results.harm else []),
                    ("choices", "Choices"),
                    *((extra.name, extra.name.capitalize()) for extra in extras),
                    ("fairness", "Fairness"),
                    ("reckoned", "How it was reckoned"),
                ]
            ),
            render_section("gates", "Gates", report_tables.gates_table(assessment.evaluation)),
            _reliability(assessment, pictures),
            _segments(assessment, pictures),
            _uplift(assessment, pictures),
            _harm(assessment, pictures),
            _choices(assessment, pictures),
            *(render_section(extra.name, extra.heading, *extra.parts) for extra in extras),
            _fairness(assessment, pictures),
            _reckoned(assessment),
        ],
    )


def _about(assessment: "Assessment") -> str:
    judged = assessment.counts.judged
    own = "the sealed part of its own data" if assessment.test_set_only else "data that it was not trained on"
    return f"Model {assessment.version}, outcome `{assessment.bundle.outcome}`, judged on {judged:,} rows of {own}."


def _reliability(assessment: "Assessment", pictures: Pictures) -> str:
    found, overall = assessment.results, assessment.evaluation.overall
    return render_section(
        "reliability",
        "Do probabilities come true?",
        render_paragraph(captions.RELIABILITY),
        render_image(pictures["reliability"], narrative.calibration_sentence(found.overall)),
        render_paragraph(narrative.interval_sentence(found.bands, assessment.bundle.level)),
        report_tables.scores_table(overall, found),
        render_image(pictures.get("lift"), "Share of outcomes found by share of contacts, most probable first."),
        render_details("Tenth by tenth", report_tables.lift_table(found.lift)),
    )


def _segments(assessment: "Assessment", pictures: Pictures) -> str:
    segments = assessment.results.segments
    return render_section(
        "segments",
        "Is that so for every action and segment?",
        render_paragraph(narrative.miscalibrated_sentence(segments)),
        render_paragraph(captions.SEGMENTS, "quiet"),
        render_image(pictures["segments"], narrative.miscalibrated_sentence(segments)),
        *(
            render_details(f"Figures by `{name}`", report_tables.segments_table(some))
            for name, some in segments.items()
        ),
        render_details(
            "Reliability of each action",
            render_image(pictures["reliability_by_action"], "One reliability diagram for each action."),
        ),
    )


def _uplift(assessment: "Assessment", pictures: Pictures) -> str:
    found = assessment.results.uplift
    return render_section(
        "uplift",
        "Does contact add what was said?",
        render_paragraph(narrative.uplift_sentence(found)),
        render_paragraph(narrative.action_uplift_sentence(found)),
        render_paragraph(captions.UPLIFT if found else "", "quiet"),
        render_image(pictures.get("uplift"), narrative.uplift_sentence(found)),
        report_tables.uplift_table(found),
    )


def _harm(assessment: "Assessment", pictures: Pictures) -> str:
    found = assessment.results.harm
    return render_section(
        "harm",
        "Is harm foreseen?",
        render_paragraph(narrative.harm_sentence(found)),
        render_image(pictures.get("harm"), narrative.harm_sentence(found)),
        render_details("Figures by `action`", report_tables.segments_table(found)),
    )


def _choices(assessment: "Assessment", pictures: Pictures) -> str:
    found, currency = assessment.results, assessment.bundle.catalogue.currency
    told = list(narrative.policy_sentences(found.policies, currency))
    policies = (
        ""
        if found.policies is None
        else render_details("By three estimators", report_tables.policies_table(found.policies))
    )
    return render_section(
        "choices",
        "What would its choices be worth?",
        render_list(told),
        render_image(pictures.get("policies"), " ".join(told)),
        policies,
        render_paragraph(narrative.confidence_sentence(found.confidence, currency)),
        render_image(pictures.get("confidence"), narrative.confidence_sentence(found.confidence, currency)),
        render_details("Tenth by tenth", report_tables.most_confident_table(found)),
    )


def _fairness(assessment: "Assessment", pictures: Pictures) -> str:
    found = assessment.results.fairness
    if not found:
        return render_section("fairness", "Are groups treated alike?", render_paragraph(captions.NO_ATTRIBUTE))
    return render_section(
        "fairness",
        "Are groups treated alike?",
        render_list(narrative.fairness_sentences(found)),
        render_image(pictures.get("fairness"), " ".join(narrative.fairness_sentences(found))),
        *(render_details(f"Figures by `{one.attribute}`", report_tables.fairness_table(one)) for one in found),
        render_paragraph(captions.FAIRNESS, "quiet"),
    )


def _reckoned(assessment: "Assessment") -> str:
    card, counts = assessment.bundle.card, assessment.counts
    facts = {
        "bundle": assessment.digest,
        "trained": f"{card.created_at:%Y-%m-%d %H:%M} UTC, seed {card.seed}, split by {card.split}",
        "data": assessment.data_digest,
        "rows": f"{counts.contacts:,} read, {counts.scored:,} scored, {counts.judged:,} judged",
    }
    return render_section(
        "reckoned",
        "How it was reckoned",
        render_list(assessment.notes),
        render_list(captions.METHODS),
        report_tables.facts_table(facts),
    )
