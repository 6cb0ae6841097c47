"""The report of an evaluation: one page for people, one JSON file for programs, and the pictures."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from training.evaluation import captions, tables, words
from training.evaluation.drawings import (
    confidence_figure,
    fairness_figure,
    lift_figure,
    policies_figure,
    segments_figure,
    uplift_figure,
)
from training.evaluation.extra import Extra
from training.evaluation.page import folded, image, items, links, page, paragraph, section
from training.evaluation.reliability import picture, reliability_by_action_figure, reliability_figure

if TYPE_CHECKING:
    from training.assess import Assessment

PAGE, NUMBERS = "report.html", "evaluation.json"
Pictures = Mapping[str, bytes]


def report(assessment: "Assessment", extras: Sequence[Extra] = ()) -> dict[str, bytes]:
    """Files by name: ``report.html``, ``evaluation.json``, and a PNG for each picture.

    The page holds its pictures and needs no network. What the data cannot tell has no section.

    Parameters
    ----------
    extras : sequence of Extra
        Further sections, in the JSON by their names.
    """
    pictures = {name: picture(figure) for name, figure in _figures(assessment).items()}
    found = assessment.to_dict() | {extra.name: extra.numbers for extra in extras}
    numbers = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False).encode()
    files = {f"{name}.png": content for name, content in pictures.items()}
    further = {name: content for extra in extras for name, content in extra.files.items()}
    return {PAGE: _page(assessment, pictures, extras), NUMBERS: numbers, **files, **further}


def _figures(assessment: "Assessment") -> dict[str, Figure]:
    found, judged = assessment.findings, assessment.material.judged
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


def _page(assessment: "Assessment", pictures: Pictures, extras: Sequence[Extra]) -> bytes:
    model = f"model {assessment.version}"
    kind = "lead" if assessment.evaluation.passed else "lead off"
    return page(
        f"Does heed keep its word? {model}",
        [
            f"<h1>Does heed keep its word?</h1>{paragraph(_about(assessment), 'quiet')}",
            paragraph(words.summary(assessment.evaluation, assessment.findings), kind),
            paragraph(next(words.of_policies(assessment.findings.policies, assessment.bundle.catalogue.currency))),
            links(
                [
                    ("gates", "Gates"),
                    ("reliability", "Probabilities"),
                    ("segments", "Actions and segments"),
                    *([("uplift", "Uplift")] if assessment.findings.uplift else []),
                    *([("harm", "Harm")] if assessment.findings.harm else []),
                    ("choices", "Choices"),
                    *((extra.name, extra.name.capitalize()) for extra in extras),
                    ("fairness", "Fairness"),
                    ("reckoned", "How it was reckoned"),
                ]
            ),
            section("gates", "Gates", tables.gates_table(assessment.evaluation)),
            _reliability(assessment, pictures),
            _segments(assessment, pictures),
            _uplift(assessment, pictures),
            _harm(assessment, pictures),
            _choices(assessment, pictures),
            *(section(extra.name, extra.heading, *extra.parts) for extra in extras),
            _fairness(assessment, pictures),
            _reckoned(assessment),
        ],
    )


def _about(assessment: "Assessment") -> str:
    judged = assessment.counts.judged
    own = "the sealed part of its own data" if assessment.sealed else "data that it was not trained on"
    return f"Model {assessment.version}, outcome `{assessment.bundle.outcome}`, judged on {judged:,} rows of {own}."


def _reliability(assessment: "Assessment", pictures: Pictures) -> str:
    found, overall = assessment.findings, assessment.evaluation.overall
    return section(
        "reliability",
        "Do probabilities come true?",
        paragraph(captions.RELIABILITY),
        image(pictures["reliability"], words.on_average(found.overall)),
        paragraph(words.of_intervals(found.bands, assessment.bundle.level)),
        tables.scores_table(overall, found),
        image(pictures.get("lift"), "Share of outcomes found by share of contacts, most probable first."),
        folded("Tenth by tenth", tables.lift_table(found.lift)),
    )


def _segments(assessment: "Assessment", pictures: Pictures) -> str:
    segments = assessment.findings.segments
    return section(
        "segments",
        "Is that so for every action and segment?",
        paragraph(words.where_not(segments)),
        paragraph(captions.SEGMENTS, "quiet"),
        image(pictures["segments"], words.where_not(segments)),
        *(folded(f"Figures by `{name}`", tables.segments_table(some)) for name, some in segments.items()),
        folded(
            "Reliability of each action",
            image(pictures["reliability_by_action"], "One reliability diagram for each action."),
        ),
    )


def _uplift(assessment: "Assessment", pictures: Pictures) -> str:
    found = assessment.findings.uplift
    return section(
        "uplift",
        "Does contact add what was said?",
        paragraph(words.of_uplift(found)),
        paragraph(words.of_actions(found)),
        paragraph(captions.UPLIFT if found else "", "quiet"),
        image(pictures.get("uplift"), words.of_uplift(found)),
        tables.uplift_table(found),
    )


def _harm(assessment: "Assessment", pictures: Pictures) -> str:
    found = assessment.findings.harm
    return section(
        "harm",
        "Is harm foreseen?",
        paragraph(words.of_harm(found)),
        image(pictures.get("harm"), words.of_harm(found)),
        folded("Figures by `action`", tables.segments_table(found)),
    )


def _choices(assessment: "Assessment", pictures: Pictures) -> str:
    found, currency = assessment.findings, assessment.bundle.catalogue.currency
    told = list(words.of_policies(found.policies, currency))
    policies = "" if found.policies is None else folded("By three estimators", tables.policies_table(found.policies))
    return section(
        "choices",
        "What would its choices be worth?",
        items(told),
        image(pictures.get("policies"), " ".join(told)),
        policies,
        paragraph(words.of_confidence(found.confidence, currency)),
        image(pictures.get("confidence"), words.of_confidence(found.confidence, currency)),
        folded("Tenth by tenth", tables.surest_table(found)),
    )


def _fairness(assessment: "Assessment", pictures: Pictures) -> str:
    found = assessment.findings.fairness
    if not found:
        return section("fairness", "Are groups treated alike?", paragraph(captions.NO_ATTRIBUTE))
    return section(
        "fairness",
        "Are groups treated alike?",
        items(words.of_fairness(found)),
        image(pictures.get("fairness"), " ".join(words.of_fairness(found))),
        *(folded(f"Figures by `{one.attribute}`", tables.fairness_table(one)) for one in found),
        paragraph(captions.FAIRNESS, "quiet"),
    )


def _reckoned(assessment: "Assessment") -> str:
    card, counts = assessment.bundle.card, assessment.counts
    facts = {
        "bundle": assessment.digest,
        "trained": f"{card.created_at:%Y-%m-%d %H:%M} UTC, seed {card.seed}, split by {card.split}",
        "data": assessment.data_digest,
        "rows": f"{counts.contacts:,} read, {counts.scored:,} scored, {counts.judged:,} judged",
    }
    return section(
        "reckoned",
        "How it was reckoned",
        items(assessment.notes),
        items(captions.METHODS),
        tables.facts_table(facts),
    )
