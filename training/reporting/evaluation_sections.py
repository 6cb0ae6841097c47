"""The sections of an evaluation report."""

from collections.abc import Mapping, Sequence

from heed.training.evaluation.assessment import Assessment
from heed.training.reporting import captions, narrative, report_tables
from heed.training.reporting.blocks import Block, BulletList, Details, Image, Paragraph, ReportSection

Figures = Mapping[str, bytes]


def evaluation_sections(
    assessment: Assessment, figures: Figures, extras: Sequence[ReportSection]
) -> tuple[ReportSection, ...]:
    """All sections in their order, `extras` before fairness; those without data are empty."""
    gates = report_tables.gates_table(assessment.evaluation)
    return (
        ReportSection("gates", "Gates", "Promotion gates", (gates,)),
        _reliability(assessment, figures),
        _segments(assessment, figures),
        _uplift(assessment, figures),
        _harm(assessment, figures),
        _choices(assessment, figures),
        *extras,
        _fairness(assessment, figures),
        _methods(assessment),
    )


def _reliability(assessment: Assessment, figures: Figures) -> ReportSection:
    results = assessment.results
    blocks = (
        Paragraph(captions.RELIABILITY),
        Image(figures["reliability"], narrative.calibration_sentence(results.overall)),
        Paragraph(narrative.interval_sentence(results.bands, assessment.bundle.level)),
        report_tables.scores_table(assessment.evaluation.overall, results),
        Image(figures.get("lift"), "Share of outcomes found by share of contacts, most probable first."),
        Details("By decile", (report_tables.lift_table(results.lift),)),
    )
    return ReportSection("reliability", "Probabilities", "Are probabilities calibrated?", blocks)


def _segments(assessment: Assessment, figures: Figures) -> ReportSection:
    segments = assessment.results.segments
    sentence = narrative.miscalibrated_sentence(segments)
    by_action = Image(figures["reliability_by_action"], "One reliability diagram for each action.")
    blocks: tuple[Block, ...] = (
        Paragraph(sentence),
        Paragraph(captions.SEGMENTS, quiet=True),
        Image(figures["segments"], sentence or "Predicted and realized rate of each segment."),
        *(Details(f"Figures by `{name}`", (report_tables.segments_table(group),)) for name, group in segments.items()),
        Details("Reliability by action", (by_action,)),
    )
    return ReportSection("segments", "Actions and segments", "For every action and segment?", blocks)


def _uplift(assessment: Assessment, figures: Figures) -> ReportSection:
    results = assessment.results.uplift
    sentence = narrative.uplift_sentence(results)
    blocks = (
        Paragraph(sentence),
        Paragraph(narrative.action_uplift_sentence(results)),
        Paragraph(captions.UPLIFT if results else "", quiet=True),
        Image(figures.get("uplift"), sentence),
        report_tables.uplift_table(results),
    )
    return ReportSection("uplift", "Uplift", "Is predicted uplift realized?", blocks)


def _harm(assessment: Assessment, figures: Figures) -> ReportSection:
    segments = assessment.results.harm
    sentence = narrative.harm_sentence(segments)
    blocks = (
        Paragraph(sentence),
        Image(figures.get("harm"), sentence),
        Details("Figures by `action`", (report_tables.segments_table(segments),)),
    )
    return ReportSection("harm", "Harm", "Is harm predicted?", blocks)


def _choices(assessment: Assessment, figures: Figures) -> ReportSection:
    results, currency = assessment.results, assessment.bundle.catalogue.currency
    policies = tuple(narrative.policy_sentences(results.policies, currency))
    confidence = narrative.confidence_sentence(results.confidence, currency)
    by_estimator: tuple[Block, ...] = (
        () if results.policies is None else (report_tables.policies_table(results.policies),)
    )
    blocks = (
        BulletList(policies),
        Image(figures.get("policies"), " ".join(policies)),
        Details("By three estimators", by_estimator),
        Paragraph(confidence),
        Image(figures.get("confidence"), confidence),
        Details("By decile", (report_tables.most_confident_table(results),)),
    )
    return ReportSection("choices", "Choices", "What are heed's choices worth?", blocks)


def _fairness(assessment: Assessment, figures: Figures) -> ReportSection:
    tables = assessment.results.fairness
    sentences = narrative.fairness_sentences(tables)
    blocks: tuple[Block, ...] = (Paragraph(captions.NO_ATTRIBUTE),)
    if tables:
        blocks = (
            BulletList(sentences),
            Image(figures.get("fairness"), " ".join(sentences)),
            *(Details(f"Figures by `{table.attribute}`", (report_tables.fairness_table(table),)) for table in tables),
            Paragraph(captions.FAIRNESS, quiet=True),
        )
    return ReportSection("fairness", "Fairness", "Are groups treated alike?", blocks)


def _methods(assessment: Assessment) -> ReportSection:
    card, counts = assessment.bundle.card, assessment.counts
    facts = {
        "bundle": assessment.digest,
        "trained": f"{card.created_at:%Y-%m-%d %H:%M} UTC, seed {card.seed}, split by {card.split}",
        "data": assessment.data_digest,
        "rows": f"{counts.contacts:,} read, {counts.scored:,} scored, {counts.judged:,} evaluated",
    }
    blocks = (BulletList(assessment.notes), BulletList(captions.METHODS), report_tables.facts_table(facts))
    return ReportSection("methods", "Methods", "Data and methods", blocks)
