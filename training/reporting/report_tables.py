"""The tables of a report, as rows of text."""

from collections.abc import Mapping, Sequence

from heed.training.evaluation.fairness import AttributeFairness
from heed.training.evaluation.gates.model_evaluation import Evaluation
from heed.training.evaluation.metrics.lift import LiftDecile
from heed.training.evaluation.metrics.probability_scores import Metrics
from heed.training.evaluation.metrics.segments import Segment
from heed.training.evaluation.off_policy.policy_comparison import PolicyComparison
from heed.training.evaluation.results import EvaluationResults
from heed.training.evaluation.uplift.uplift_evaluation import UpliftResult
from heed.training.reporting.html_page import render_table
from heed.training.reporting.narrative import format_interval, format_money, format_points, format_share


def gates_table(evaluation: Evaluation) -> str:
    """Each gate with its sentence."""
    rows = [(one.name.replace("_", " "), "open" if one.passed else "closed", one.sentence) for one in evaluation.gates]
    return render_table(("gate", "state", "why"), rows, [not one.passed for one in evaluation.gates], words=(1, 2))


def scores_table(overall: Metrics, results: EvaluationResults) -> str:
    """The scores of all rows together, each with what it means."""
    parts = results.decomposition
    rows = [
        (
            "log-loss",
            f"{overall.log_loss:.5f}",
            f"one probability for all: {overall.base_log_loss:.5f}; less is better",
        ),
        ("Brier score", f"{overall.brier:.5f}", "mean squared distance from what happened; less is better"),
        ("- reliability", f"{parts.reliability:.5f}", "what is lost because said and realised differ; less is better"),
        ("- resolution", f"{parts.resolution:.5f}", "what is gained by telling customers apart; more is better"),
        ("- uncertainty", f"{parts.uncertainty:.5f}", "what the outcome's rate alone leaves open"),
        ("calibration error", f"{overall.calibration_error:.5f}", "root mean square over 15 groups, less chance"),
        (
            "calibration slope",
            f"{overall.slope:.3f}",
            f"1 is right, less is too bold (error {overall.slope_error:.3f})",
        ),
        ("ROC AUC", _known(overall.auc), "chance that of two customers the right one has the higher probability"),
        ("average precision", _known(overall.average_precision), f"one probability for all: {overall.rate:.4f}"),
    ]
    return render_table(("score", "value", "what it is"), rows, words=(2,))


def segments_table(segments: Sequence[Segment]) -> str:
    """One attribute's groups."""
    rows = [
        (
            one.name,
            f"{one.rows:,}",
            format_share(one.propensity),
            format_interval(one.rate),
            format_interval(one.gap, "points"),
            f"{one.calibration_error:.4f}",
            f"{one.by_chance:.4f}",
        )
        for one in segments
    ]
    head = ("group", "rows", "said", "happened", "difference, points", "calibration error", "of which chance, at most")
    return render_table(head, rows, [one.miscalibrated for one in segments])


def lift_table(tenths: Sequence[LiftDecile]) -> str:
    """Tenth by tenth, the most probable first."""
    rows = [
        (
            str(place),
            f"{one.rows:,}",
            format_share(one.stated),
            format_share(one.rate),
            f"{one.lift:.2f}",
            format_share(one.gain),
        )
        for place, one in enumerate(tenths, start=1)
    ]
    return render_table(("tenth", "rows", "said", "happened", "times the average", "of all outcomes so far"), rows)


def uplift_table(found: Sequence[UpliftResult]) -> str:
    """Every action's uplift."""
    rows = [
        (
            one.action,
            f"{one.treated:,}",
            f"{one.held:,}",
            format_points(one.stated),
            format_interval(one.realised, "points"),
            f"{100 * one.error:.2f}",
            f"{one.met} of {len(one.tenths)}",
            f"{100 * one.qini.value:.3f} ({100 * one.qini.low:.3f} to {100 * one.qini.high:.3f})",
        )
        for one in found
    ]
    head = ("action", "contacted", "held", "said", "added", "error by group", "groups met", "Qini, per 100")
    return render_table(head, rows, [not one.realised.holds(one.stated) for one in found])


def policies_table(found: PolicyComparison) -> str:
    """Every way of choosing by three estimators."""
    rows = [
        (
            one.name,
            format_share(one.acts),
            format_interval(one.value.doubly_robust, "money"),
            format_interval(one.value.inverse_propensity, "money"),
            format_interval(one.value.self_normalised, "money"),
            format_interval(one.outcome.self_normalised),
            f"{one.weight.value:.2f}",
            f"{one.effective_rows:,.0f}",
        )
        for one in (found.heed, found.hold, found.logging, *found.singles)
    ]
    head = (
        "way of choosing",
        "contacts",
        "value, doubly robust",
        "inverse propensity",
        "self-normalised",
        "outcomes",
        "mean weight",
        "rows it rests on",
    )
    return render_table(head, rows)


def most_confident_table(results: EvaluationResults) -> str:
    """Value by how many of the surest decisions are taken."""
    rows = [
        (
            format_share(one.share),
            f"{one.confidence:.1%}",
            format_interval(one.value, "money"),
            format_money(one.by_chance),
        )
        for one in results.confidence.surest
    ]
    return render_table(("decisions taken", "least confidence", "value per decision", "as many at random"), rows)


def fairness_table(found: AttributeFairness) -> str:
    """One attribute's groups of customers."""
    rows = [
        (
            one.segment.name,
            f"{one.segment.rows:,}",
            format_interval(one.selection),
            format_share(one.segment.propensity),
            format_interval(one.segment.rate),
            format_interval(one.segment.gap, "points"),
            f"{one.segment.calibration_error:.4f}",
        )
        for one in found.groups
    ]
    head = ("group", "rows", "would be contacted", "said", "happened", "difference, points", "calibration error")
    return render_table(head, rows, [one.segment.miscalibrated for one in found.groups])


def facts_table(facts: Mapping[str, str]) -> str:
    """Names and values."""
    return render_table(("", ""), list(facts.items()), words=(1,))


def _known(value: float | None) -> str:
    return "cannot be told" if value is None else f"{value:.4f}"
