"""The tables of a report."""

from collections.abc import Mapping, Sequence

from heed.training.evaluation.fairness import AttributeFairness
from heed.training.evaluation.gates.model_evaluation import Evaluation
from heed.training.evaluation.metrics.lift import LiftDecile
from heed.training.evaluation.metrics.probability_scores import Metrics
from heed.training.evaluation.metrics.segments import Segment
from heed.training.evaluation.off_policy.policy_comparison import PolicyComparison
from heed.training.evaluation.results import EvaluationResults
from heed.training.evaluation.uplift.uplift_evaluation import UpliftResult
from heed.training.reporting.blocks import Table
from heed.training.reporting.narrative import format_interval, format_money, format_points, format_share


def gates_table(evaluation: Evaluation) -> Table:
    """Each gate with its sentence."""
    gates = evaluation.gates
    rows = [(gate.name.replace("_", " "), "passed" if gate.passed else "failed", gate.sentence) for gate in gates]
    return Table(("gate", "result", "reason"), rows, [not gate.passed for gate in gates], text_columns=(1, 2))


def scores_table(overall: Metrics, results: EvaluationResults) -> Table:
    """The scores of all rows, each explained."""
    parts = results.decomposition
    rows = [
        ("log loss", f"{overall.log_loss:.5f}", f"base rate: {overall.base_log_loss:.5f}; lower is better"),
        ("Brier score", f"{overall.brier:.5f}", "mean squared error of the probabilities; lower is better"),
        ("- reliability", f"{parts.reliability:.5f}", "loss by miscalibration; lower is better"),
        ("- resolution", f"{parts.resolution:.5f}", "gain by discrimination; higher is better"),
        ("- uncertainty", f"{parts.uncertainty:.5f}", "Brier score of the base rate"),
        ("calibration error", f"{overall.calibration_error:.5f}", "root mean square over 15 groups, debiased"),
        (
            "calibration slope",
            f"{overall.slope:.3f}",
            f"1 is ideal, below 1 is overconfident (standard error {overall.slope_error:.3f})",
        ),
        ("ROC AUC", _known(overall.auc), "probability that a positive row is ranked above a negative one"),
        ("average precision", _known(overall.average_precision), f"base rate: {overall.rate:.4f}"),
    ]
    return Table(("score", "value", "meaning"), rows, text_columns=(2,))


def segments_table(segments: Sequence[Segment]) -> Table:
    """The groups of one attribute."""
    rows = [
        (
            segment.name,
            f"{segment.rows:,}",
            format_share(segment.propensity),
            format_interval(segment.rate),
            format_interval(segment.gap, "points"),
            f"{segment.calibration_error:.4f}",
            f"{segment.by_chance:.4f}",
        )
        for segment in segments
    ]
    head = ("group", "rows", "predicted", "realized", "difference, points", "calibration error", "by chance, at most")
    return Table(head, rows, [segment.miscalibrated for segment in segments])


def lift_table(deciles: Sequence[LiftDecile]) -> Table:
    """Decile by decile, the most probable first."""
    rows = [
        (
            str(number),
            f"{decile.rows:,}",
            format_share(decile.stated),
            format_share(decile.rate),
            f"{decile.lift:.2f}",
            format_share(decile.gain),
        )
        for number, decile in enumerate(deciles, start=1)
    ]
    return Table(("decile", "rows", "predicted", "realized", "lift", "cumulative gain"), rows)


def uplift_table(results: Sequence[UpliftResult]) -> Table:
    """The uplift of every action."""
    rows = [
        (
            result.action,
            f"{result.treated:,}",
            f"{result.held:,}",
            format_points(result.stated),
            format_interval(result.realised, "points"),
            f"{100 * result.error:.2f}",
            f"{result.met} of {len(result.tenths)}",
            f"{100 * result.qini.value:.3f} ({100 * result.qini.low:.3f} to {100 * result.qini.high:.3f})",
        )
        for result in results
    ]
    head = ("action", "contacted", "held", "predicted", "realized", "calibration error", "groups met", "Qini, per 100")
    return Table(head, rows, [not result.realised.holds(result.stated) for result in results])


def policies_table(policies: PolicyComparison) -> Table:
    """Every policy by three estimators."""
    rows = [
        (
            policy.name,
            format_share(policy.acts),
            format_interval(policy.value.doubly_robust, "money"),
            format_interval(policy.value.inverse_propensity, "money"),
            format_interval(policy.value.self_normalised, "money"),
            format_interval(policy.outcome.self_normalised),
            f"{policy.weight.value:.2f}",
            f"{policy.effective_rows:,.0f}",
        )
        for policy in (policies.heed, policies.hold, policies.logging, *policies.singles)
    ]
    head = (
        "policy",
        "contacts",
        "value, doubly robust",
        "inverse propensity",
        "self-normalized",
        "outcomes",
        "mean weight",
        "effective sample size",
    )
    return Table(head, rows)


def most_confident_table(results: EvaluationResults) -> Table:
    """Value by share of the most confident decisions."""
    rows = [
        (
            format_share(point.share),
            f"{point.confidence:.1%}",
            format_interval(point.value, "money"),
            format_money(point.by_chance),
        )
        for point in results.confidence.surest
    ]
    return Table(("decisions taken", "lowest confidence", "value per decision", "in random order"), rows)


def fairness_table(fairness: AttributeFairness) -> Table:
    """The customer groups of one attribute."""
    rows = [
        (
            group.segment.name,
            f"{group.segment.rows:,}",
            format_interval(group.selection),
            format_share(group.segment.propensity),
            format_interval(group.segment.rate),
            format_interval(group.segment.gap, "points"),
            f"{group.segment.calibration_error:.4f}",
        )
        for group in fairness.groups
    ]
    head = ("group", "rows", "contacted", "predicted", "realized", "difference, points", "calibration error")
    return Table(head, rows, [group.segment.miscalibrated for group in fairness.groups])


def facts_table(facts: Mapping[str, str]) -> Table:
    """Names and values."""
    return Table(("", ""), list(facts.items()), text_columns=(1,))


def _known(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f}"
