"""Sentences about an evaluation that need no statistics."""

from collections.abc import Iterator, Mapping, Sequence

from heed.training.evaluation.fairness import FOUR_FIFTHS, AttributeFairness
from heed.training.evaluation.gates.model_evaluation import Evaluation
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.evaluation.metrics.interval_coverage import IntervalAgreement
from heed.training.evaluation.metrics.segments import MIN_ROWS, Segment
from heed.training.evaluation.off_policy.policy_comparison import PolicyComparison
from heed.training.evaluation.results import ConfidenceSummary, EvaluationResults
from heed.training.evaluation.uplift.uplift_evaluation import ALL, UpliftMethod, UpliftResult

# Mean weights this close to 1 are not worth a warning.
_WEIGHT_TOLERANCE = 0.1
_METHODS = {
    UpliftMethod.DIFFERENCE: "Without logged propensities this is a plain difference, not a causal effect.",
    UpliftMethod.WEIGHTED: "Contacts were randomized with logged propensities, so the difference is the causal effect.",
    UpliftMethod.ROBUST: "Logged propensities correct for how contacts were selected (doubly robust).",
}


def format_share(value: float) -> str:
    """A share in per cent, with enough digits for rare outcomes."""
    digits = 2 if abs(value) < 0.1 else 1
    return f"{100 * value:.{digits}f} %"


def format_points(value: float) -> str:
    """A difference of probabilities in percentage points, with its sign."""
    return f"{100 * value:+.2f}"


def format_money(value: float) -> str:
    """An amount, with more digits where it is small."""
    return f"{value:,.3f}" if abs(value) < 1.0 else f"{value:,.2f}"


def format_interval(estimate: Estimate, unit: str = "share") -> str:
    """An estimate with its interval, as ``share``, ``points`` or ``money``."""
    write = {"share": format_share, "points": format_points, "money": format_money}[unit]
    return f"{write(estimate.value)} ({write(estimate.low)} to {write(estimate.high)})"


def verdict(evaluation: Evaluation) -> str:
    """Whether the model is calibrated, in one sentence."""
    failed = [gate.name.replace("_", " ") for gate in evaluation.gates if not gate.passed]
    if not failed:
        return "The model is well calibrated and passes every gate."
    state = "is miscalibrated" if "calibration error" in failed else "is not good enough"
    return f"The model {state}: {', '.join(failed)} failed."


def calibration_sentence(overall: Segment) -> str:
    """Mean prediction, realized rate and calibration error of all rows."""
    error = f"{100 * overall.calibration_error:.2f} points"
    chance = f"chance alone explains up to {100 * overall.by_chance:.2f}"
    calibration = f"is {error} ({chance})" if overall.calibration_error > 0 else f"is no larger than chance ({chance})"
    return (
        f"Over {overall.rows:,} contacts and holds the mean prediction is {format_share(overall.propensity)} and "
        f"{format_share(overall.rate.value)} had the outcome; the calibration error {calibration}."
    )


def miscalibrated_sentence(segments: Mapping[str, Sequence[Segment]]) -> str:
    """Which segments are miscalibrated, and how many would be by chance."""
    tested = [(name, segment) for name, group in segments.items() for segment in group if segment.rows >= MIN_ROWS]
    off = [(name, segment) for name, segment in tested if segment.miscalibrated]
    if not tested:
        return ""
    by_chance = max(1, round(0.05 * len(tested)))
    if not off:
        return f"None of {len(tested)} segments is miscalibrated (about {by_chance} would be by chance)."
    worst = sorted(off, key=lambda pair: -abs(pair[1].gap.value))[:3]
    names = "; ".join(f"`{segment.name}` ({name}): {_difference(segment)}" for name, segment in worst)
    verb = "is" if len(off) == 1 else "are"
    return f"{len(off)} of {len(tested)} segments {verb} miscalibrated (about {by_chance} would be by chance): {names}."


def interval_sentence(agreement: IntervalAgreement, level: float) -> str:
    """Whether predicted intervals meet the realized rates."""
    return (
        f"In {agreement.met} of {agreement.count} groups the predicted {level:.0%} interval meets the realized rate. "
        "Outcomes alone cannot show that intervals are too wide; a simulation can."
    )


def uplift_sentence(results: Sequence[UpliftResult]) -> str:
    """Whether predicted uplift is realized, over all actions."""
    if not results:
        return ""
    overall = results[0]
    ranking = (
        "Contacting customers in order of predicted uplift gains more than a random order."
        if overall.qini.low > 0
        else "The ranking by uplift is not distinguishable from a random order on these data."
    )
    return (
        f"Predicted uplift is {format_points(overall.stated)} points, realized uplift "
        f"{format_interval(overall.realised, 'points')}. {ranking} {_METHODS[overall.method]}"
    )


def harm_sentence(segments: Sequence[Segment]) -> str:
    """Whether opt-outs, complaints and unsubscribes are as frequent as predicted."""
    if not segments:
        return ""
    overall, *actions = segments
    off = sorted((action for action in actions if action.miscalibrated), key=lambda action: -abs(action.gap.value))
    names = "; ".join(f"`{action.name}`: {_difference(action)}" for action in off[:3])
    by_action = f"Miscalibrated actions: {names}." if off else "No action is miscalibrated."
    return (
        f"Over {overall.rows:,} contacts the predicted rate of opt-outs, complaints and unsubscribes is "
        f"{format_share(overall.propensity)}, the realized rate {format_interval(overall.rate)}. {by_action}"
    )


def action_uplift_sentence(results: Sequence[UpliftResult]) -> str:
    """Which actions' uplift was not realized."""
    actions = [result for result in results if result.action != ALL]
    off = [result for result in actions if not result.realised.holds(result.stated)]
    if not actions:
        return ""
    if not off:
        return f"For none of {len(actions)} actions does realized uplift differ significantly from the prediction."
    worst = sorted(off, key=lambda result: -abs(result.realised.value - result.stated))[:3]
    names = "; ".join(
        f"`{result.action}` predicted {format_points(result.stated)}, realized "
        f"{format_interval(result.realised, 'points')}"
        for result in worst
    )
    return (
        f"For {len(off)} of {len(actions)} actions realized uplift differs significantly from the prediction: {names}."
    )


def policy_sentences(policies: PolicyComparison | None, currency: str) -> Iterator[str]:
    """The value of heed's choices, compared with simpler policies."""
    if policies is None:
        yield "Too few contacts have a logged propensity to estimate the value of other choices."
        return
    value = format_interval(policies.heed.value.doubly_robust, "money")
    baseline = "than holding for everybody" if policies.against_hold else "than nothing, counting all outcomes in full"
    yield f"heed's choices are worth {value} {currency} more per decision {baseline}."
    if policies.singles:
        best = policies.singles[0]
        yield (
            f"The best single action for everybody, `{best.name}`, is worth "
            f"{format_interval(best.value.doubly_robust, 'money')} (optimistic, as it was selected on these rows); "
            f"heed's choices minus that: {format_interval(policies.better, 'money')}."
        )
    yield f"The actions actually taken were worth {format_interval(policies.logging.value.doubly_robust, 'money')}."
    yield from _weight_warning(policies.heed.weight)


def confidence_sentence(confidence: ConfidenceSummary, currency: str) -> str:
    """The confidence of heed's choices, and its value."""
    sentence = (
        f"heed would contact in {format_share(confidence.acts.value)} of decisions, before any guardrail. The median "
        f"confidence is {confidence.tenths[4]:.0%}."
    )
    half = min(confidence.surest, key=lambda point: abs(point.share - 0.5), default=None)
    if half is None or confidence.surest[-1].value.value <= 0:
        return sentence
    part = half.value.value / confidence.surest[-1].value.value
    value = f"{part:.0%} of the value ({format_money(half.value.value)} {currency} per decision)"
    return f"{sentence} The most confident {half.share:.0%} of decisions bring {value}."


def fairness_sentences(tables: Sequence[AttributeFairness]) -> list[str]:
    """One sentence per attribute."""
    return [_fairness_sentence(table) for table in tables]


def lead_paragraph(evaluation: Evaluation, results: EvaluationResults) -> str:
    """The first paragraph: whether the model is calibrated, and where not."""
    parts = (verdict(evaluation), calibration_sentence(results.overall), miscalibrated_sentence(results.segments))
    return " ".join(part for part in parts if part)


def cli_sentences(results: EvaluationResults, currency: str) -> list[str]:
    """What the command line tells beside metrics and gates."""
    sentences = (
        miscalibrated_sentence(results.segments),
        uplift_sentence(results.uplift),
        harm_sentence(results.harm),
        *policy_sentences(results.policies, currency),
        *fairness_sentences(results.fairness),
    )
    return [sentence.replace("`", "") for sentence in sentences if sentence]


def _weight_warning(weight: Estimate) -> Iterator[str]:
    """Warn where the logging policy could not have made the same choices."""
    if weight.holds(1.0) or abs(weight.value - 1.0) < _WEIGHT_TOLERANCE:
        return
    if weight.value > 1.0:
        yield f"The logged propensities are inconsistent: weights average {weight.value:.2f} instead of 1."
        return
    yield (
        f"Only about {weight.value:.0%} of these choices could have been logged: the others lacked consent or "
        "eligibility at the time. For them the figures rest on the model alone."
    )


def _difference(segment: Segment) -> str:
    return f"predicted {format_share(segment.propensity)}, realized {format_share(segment.rate.value)}"


def _fairness_sentence(table: AttributeFairness) -> str:
    if table.rate_ratio is None:
        return f"`{table.attribute}`: too few decisions per group, or no contacts, to compare."
    rule = "is below" if table.rate_ratio < FOUR_FIFTHS else "satisfies"
    off = [f"`{group.segment.name}`" for group in table.groups if group.segment.miscalibrated]
    calibration = f"; probabilities are miscalibrated for {', '.join(off)}" if off else ""
    return (
        f"`{table.attribute}`: `{table.lowest}` would be contacted {table.rate_ratio:.2f} times as often as "
        f"`{table.highest}`, which {rule} the four-fifths rule of thumb{calibration}."
    )
