"""The figures as Markdown."""

from collections.abc import Iterator, Sequence

from benchmarks.quality.clustered_estimates import Estimate
from benchmarks.quality.rounds import HEED, HOLD
from benchmarks.quality.scores import DatasetScores, PolicyScores, ProbabilityScores

PROBABILITIES = (
    "| method | log-loss | heed minus it | Brier | heed minus it "
    "| calibration error | by chance | heed minus it | s |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
POLICIES = (
    "| policy | acts | outcomes | gain over hold | self-normalised | heed minus it | self-normalised | s |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
TRUTH = "| policy | true gain over hold | regret | heed minus it |\n| --- | ---: | ---: | ---: |"
LEGEND = (
    "Means over seeds; in brackets 95 % intervals, over customers (on `social_pressure` blocks of households) across\n"
    "all seeds, never narrower than the seeds show. Differences are row by row: below 0 heed's losses are smaller,\n"
    "above 0 its gains are greater. `by chance` is what true probabilities would show in 1 of 20 such tests. The gain\n"
    "is worth over holding per decision by inverse propensity, an outcome at 1 and an action at 0 on `hillstrom`,\n"
    "`karlan_list` and `social_pressure`, and by the catalogue elsewhere."
)


def markdown(found: Sequence[DatasetScores]) -> str:
    """All tables."""
    parts = ["### In short", "", _summary(found), "", LEGEND]
    for one in found:
        parts += ["", f"### {one.name}", "", *_tables(one)]
    return "\n".join(parts) + "\n"


def _summary(found: Sequence[DatasetScores]) -> str:
    head = (
        "| data set | best peer by log-loss | heed minus it | best peer by calibration error | heed minus it "
        "| best peer policy | heed's gain minus its |\n| --- | --- | ---: | --- | ---: | --- | ---: |"
    )
    return "\n".join([head, *map(_line, found)])


def _line(one: DatasetScores) -> str:
    loss = min(_peers(one.probabilities), key=lambda each: each.log_loss.value)
    error = min(_peers(one.probabilities), key=lambda each: each.calibration_error.value)
    policy = max(_rivals(one.policies), key=_worth, default=None)
    cells = [one.name, loss.method, _difference(loss.log_loss_beside), error.method]
    cells += [_difference(error.calibration_beside, 4), policy.method if policy else ""]
    return _row([*cells, _difference(_worth_beside(policy), 4) if policy else ""])


def _peers(all_of: Sequence[ProbabilityScores]) -> list[ProbabilityScores]:
    return [each for each in all_of if each.method != HEED]


def _rivals(all_of: Sequence[PolicyScores]) -> list[PolicyScores]:
    return [each for each in all_of if each.method not in (HEED, HOLD)]


def _worth(policy: PolicyScores) -> float:
    return (policy.true_gain or policy.normalised_gain).value


def _worth_beside(policy: PolicyScores) -> Estimate | None:
    return policy.true_beside or policy.normalised_beside


def _tables(one: DatasetScores) -> Iterator[str]:
    yield f"{one.seeds} seeds, {one.test_rows:,} test rows each."
    yield ""
    yield "\n".join([PROBABILITIES, *map(_probabilities, one.probabilities)])
    if one.policies:
        yield ""
        yield "\n".join([POLICIES, *map(_policy, one.policies)])
    if one.policies and one.policies[0].true_gain:
        yield ""
        yield "\n".join([TRUTH, *map(_truth, one.policies)])


def _probabilities(one: ProbabilityScores) -> str:
    return _row(
        [
            one.method,
            f"{one.log_loss.value:.5f}",
            _difference(one.log_loss_beside),
            f"{one.brier.value:.5f}",
            _difference(one.brier_beside),
            f"{one.calibration_error.value:.4f}",
            f"{one.chance:.4f}",
            _difference(one.calibration_beside, 4),
            f"{one.seconds:.0f}",
        ]
    )


def _policy(one: PolicyScores) -> str:
    return _row(
        [
            one.method,
            f"{one.acts:.0%}",
            f"{one.normalised_rate.value:.4f}",
            _told(one.gain),
            _told(one.normalised_gain),
            _difference(one.beside, 4),
            _difference(one.normalised_beside, 4),
            f"{one.seconds:.0f}",
        ]
    )


def _truth(one: PolicyScores) -> str:
    return _row([one.method, _told(one.true_gain), _told(one.regret), _difference(one.true_beside, 4)])


def _told(estimate: Estimate | None) -> str:
    return "" if estimate is None else f"{estimate.value:.4f} ({estimate.low:.4f} to {estimate.high:.4f})"


def _difference(estimate: Estimate | None, digits: int = 5) -> str:
    if estimate is None:
        return ""
    return f"{estimate.value:+.{digits}f} ({estimate.low:+.{digits}f} to {estimate.high:+.{digits}f})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
