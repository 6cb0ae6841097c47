"""What a report says in sentences that need no statistics."""

from collections.abc import Iterator, Mapping, Sequence

from heed.training.evaluation.fairness import FOUR_FIFTHS, AttributeFairness
from heed.training.evaluation.gates.model_evaluation import Evaluation
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.evaluation.metrics.interval_coverage import IntervalAgreement
from heed.training.evaluation.metrics.segments import MIN_ROWS, Segment
from heed.training.evaluation.off_policy.policy_comparison import PolicyComparison
from heed.training.evaluation.results import ConfidenceSummary, EvaluationResults
from heed.training.evaluation.uplift.uplift_evaluation import ALL, UpliftMethod, UpliftResult

_CHANCE = 0.1
_OF_METHOD = {
    UpliftMethod.DIFFERENCE: "No probabilities are recorded, so this is a plain difference: it shows no cause.",
    UpliftMethod.WEIGHTED: (
        "Contacts were chosen at random with recorded probabilities, so the difference is the effect."
    ),
    UpliftMethod.ROBUST: "Recorded probabilities undo how contacts were chosen (doubly robust).",
}


def format_share(value: float) -> str:
    """A share in per cent, with digits enough to tell rare outcomes apart."""
    digits = 2 if abs(value) < 0.1 else 1
    return f"{100 * value:.{digits}f} %"


def format_points(value: float) -> str:
    """A difference of probabilities in percentage points, with its sign."""
    return f"{100 * value:+.2f}"


def format_interval(estimate: Estimate, show: str = "share") -> str:
    """An estimate with its interval: as ``format_share``, ``format_points`` or ``format_money``."""
    write = {"share": format_share, "points": format_points, "money": format_money}[show]
    return f"{write(estimate.value)} ({write(estimate.low)} to {write(estimate.high)})"


def format_money(value: float) -> str:
    """An amount, as small as it may be."""
    return f"{value:,.3f}" if abs(value) < 1.0 else f"{value:,.2f}"


def verdict(evaluation: Evaluation) -> str:
    """Whether the model keeps its word, in one sentence."""
    closed = [gate.name.replace("_", " ") for gate in evaluation.gates if not gate.passed]
    if not closed:
        return "The probabilities keep their word."
    word = "do not keep their word" if "calibration error" in closed else "keep their word only in part"
    return f"The probabilities {word}: {', '.join(closed)} failed."


def calibration_sentence(whole: Segment) -> str:
    """What was said and what happened, all together."""
    off = f"{100 * whole.calibration_error:.2f} points"
    chance = f"chance alone shows up to {100 * whole.by_chance:.2f}"
    by_group = (
        f"off by {off} ({chance})" if whole.calibration_error > 0 else f"off by no more than chance shows ({chance})"
    )
    return (
        f"Over {whole.rows:,} contacts and holds the model said {format_share(whole.propensity)} on average, and "
        f"{format_share(whole.rate.value)} had the outcome; group by group it is {by_group}."
    )


def miscalibrated_sentence(segments: Mapping[str, Sequence[Segment]]) -> str:
    """Which groups are misjudged, beside how many would seem so by chance."""
    looked = [(name, one) for name, some in segments.items() for one in some if one.rows >= MIN_ROWS]
    off = sorted(((name, one) for name, one in looked if one.miscalibrated), key=lambda pair: -abs(pair[1].gap.value))
    if not looked:
        return ""
    by_chance = max(1, round(0.05 * len(looked)))
    if not off:
        return f"None of {len(looked)} groups stands out (about {by_chance} would by chance)."
    named = "; ".join(f"`{one.name}` ({name}): {_missed(one)}" for name, one in off[:3])
    stand = "stands" if len(off) == 1 else "stand"
    return f"{len(off)} of {len(looked)} groups {stand} out (about {by_chance} would by chance), most of all {named}."


def interval_sentence(bands: IntervalAgreement, level: float) -> str:
    """Whether stated intervals meet what happened."""
    return (
        f"In {bands.met} of {bands.count} groups the stated {level:.0%} interval meets what happened. "
        "Outcomes alone cannot show that intervals are too wide; a simulated world can."
    )


def uplift_sentence(found: Sequence[UpliftResult]) -> str:
    """Whether contact adds what was said, all actions together."""
    if not found:
        return ""
    one = found[0]
    finds = (
        "Contacting those of greatest stated uplift first gains more than contacting in random order."
        if one.qini.low > 0
        else "Ranking by uplift is not told from chance on these data."
    )
    return (
        f"Contact was said to add {format_points(one.stated)} points and added "
        f"{format_interval(one.realised, 'points')}. {finds} {_OF_METHOD[one.method]}"
    )


def harm_sentence(found: Sequence[Segment]) -> str:
    """Whether opt-outs, complaints and unsubscribes come as often as was said."""
    if not found:
        return ""
    whole, *others = found
    off = [one for one in others if one.miscalibrated]
    worst = sorted(off, key=lambda one: -abs(one.gap.value))[:3]
    named = "; ".join(f"`{one.name}`: {_missed(one)}" for one in worst)
    stand = f"Off by more than chance: {named}." if off else "No action is off by more than chance."
    return (
        f"Of {whole.rows:,} contacts the model said that {format_share(whole.propensity)} would harm, by opt-out, "
        f"complaint or unsubscribe; {format_interval(whole.rate)} did. {stand}"
    )


def action_uplift_sentence(found: Sequence[UpliftResult]) -> str:
    """Which actions' uplift did not come true."""
    single = [one for one in found if one.action != ALL]
    off = [one for one in single if not one.realised.holds(one.stated)]
    if not single:
        return ""
    if not off:
        return f"Of {len(single)} actions none adds clearly more or less than was said."
    off = sorted(off, key=lambda one: -abs(one.realised.value - one.stated))
    told = "; ".join(
        f"`{one.action}` said {format_points(one.stated)}, added {format_interval(one.realised, 'points')}"
        for one in off[:3]
    )
    return f"{len(off)} of {len(single)} actions add clearly more or less than was said: {told}."


def policy_sentences(found: PolicyComparison | None, currency: str) -> Iterator[str]:
    """What heed's choices would have been worth, beside simpler ways."""
    if found is None:
        yield "Too few contacts have a recorded probability to say what other choices would have been worth."
        return
    value = found.heed.value.doubly_robust
    against = "than holding for everybody" if found.against_hold else "than nothing, as if no outcome came unasked"
    yield f"Choosing as heed would is worth {format_interval(value, 'money')} {currency} more per decision {against}."
    if found.singles:
        best = found.singles[0]
        worth = format_interval(best.value.doubly_robust, "money")
        yield (
            f"The best single action for everybody, `{best.name}`, is worth {worth} (flattered, being picked on "
            f"these rows); heed's choice less that: {format_interval(found.better, 'money')}."
        )
    yield f"What was really done was worth {format_interval(found.logging.value.doubly_robust, 'money')}."
    yield from _of_weights(found.heed.weight)


def confidence_sentence(found: ConfidenceSummary, currency: str) -> str:
    """How sure heed would be, and what that is worth."""
    said = (
        f"heed would contact in {format_share(found.acts.value)} of decisions, before any guardrail. Half of all "
        f"decisions have a confidence of {found.tenths[4]:.0%} or more."
    )
    half = min(found.surest, key=lambda one: abs(one.share - 0.5), default=None)
    if half is None or found.surest[-1].value.value <= 0:
        return said
    part = half.value.value / found.surest[-1].value.value
    brought = f"{part:.0%} of the value ({format_money(half.value.value)} {currency} per decision)"
    return f"{said} The surest {half.share:.0%} of decisions bring {brought}."


def fairness_sentences(tables: Sequence[AttributeFairness]) -> list[str]:
    """One sentence per attribute."""
    return [_of_attribute(table) for table in tables]


def lead_paragraph(evaluation: Evaluation, results: EvaluationResults) -> str:
    """The first paragraph: whether the model keeps its word, and where not."""
    parts = (verdict(evaluation), calibration_sentence(results.overall), miscalibrated_sentence(results.segments))
    return " ".join(part for part in parts if part)


def cli_sentences(results: EvaluationResults, currency: str) -> list[str]:
    """What a person who will not open the report should know, beside scores and gates."""
    said = (
        miscalibrated_sentence(results.segments),
        uplift_sentence(results.uplift),
        harm_sentence(results.harm),
        *policy_sentences(results.policies, currency),
        *fairness_sentences(results.fairness),
    )
    return [one.replace("`", "") for one in said if one]


def _of_weights(weight: Estimate) -> Iterator[str]:
    """Whether the log could have made the same choices; a tenth may always be missing by chance."""
    if weight.holds(1.0) or abs(weight.value - 1.0) < _CHANCE:
        return
    if weight.value > 1.0:
        yield f"The recorded probabilities do not add up: weights average {weight.value:.2f} instead of 1."
        return
    yield (
        f"Only about {weight.value:.0%} of these choices are ones that could have been recorded: others were not open "
        "then, for want of consent or eligibility. For them the figures rest on the model alone."
    )


def _missed(one: Segment) -> str:
    return f"said {format_share(one.propensity)}, happened {format_share(one.rate.value)}"


def _of_attribute(table: AttributeFairness) -> str:
    if table.rate_ratio is None:
        return f"`{table.attribute}`: too few decisions by group, or no contacts, to compare."
    fair = "is below" if table.rate_ratio < FOUR_FIFTHS else "keeps"
    off = [one.segment.name for one in table.groups if one.segment.miscalibrated]
    judged = f"; probabilities are off for {', '.join(f'`{name}`' for name in off)}" if off else ""
    return (
        f"`{table.attribute}`: `{table.lowest}` would be contacted {table.rate_ratio:.2f} times as often as "
        f"`{table.highest}`, which {fair} the four-fifths rule of thumb{judged}."
    )
