"""The figures as Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.confidence.benchmark_results import BenchmarkResults
from benchmarks.confidence.confidence_calibration import ConfidenceCalibration, LearnedTrust, WorldCalibration
from benchmarks.confidence.cost import Cost
from benchmarks.confidence.deciles import Group
from benchmarks.confidence.interval_calibration import CoverageRow, WideningRow
from benchmarks.confidence.regret import SHARES, PolicyWorth, ReviewOrder

LEGEND = (
    "`±` is half a 95 % interval; all moments of one customer are one piece of evidence, and it is never narrower\n"
    "than the worlds show. A tenth holds equally many rows by what was stated. Every moment is of a customer from\n"
    "whom nothing was learnt, and of the actions those compete that consent, validity and eligibility leave, hold too."
)


def markdown(found: BenchmarkResults) -> str:
    """All tables."""
    means = found.statements
    parts = [
        LEGEND,
        _part("Do 90 % intervals of the propensity hold the customer's true probability?", _covered(means.propensity)),
        _part("The same by action, the worst first", _covered(means.actions)),
        _part("Customers made unlike the training data", _widened(means.strange)),
        _part("Do 90 % intervals of the uplift hold the true one?", _covered(means.uplift)),
        _part("Stated and true propensity", _groups(means.propensity_means, digits=4)),
        _part("Stated and true uplift", _groups(means.uplift_means, digits=4)),
        _part("Stated and true harm", _groups(means.harm_means, digits=4)),
        *_confidence(found.confidence),
        _part("What choices are worth, EUR a decision", _worths(found.policies)),
        _part("Regret left where only the first so many are automated, EUR a decision", _orders(found.orders)),
        _part("What it costs, one thread, medians of calls made in turn", _costs(found.costs)),
    ]
    if found.learnt is not None:
        parts.append(_part("Constants that these worlds teach", _learnt(found.learnt)))
        for tolerance, groups in found.learnt.left_out_tenths:
            title = f"Each world judged by what the others teach, at a tolerance of {tolerance:.2f} EUR"
            parts.append(_part(title, _groups(groups, digits=3)))
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose first column is of words and the others of numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _part(title: str, text: str) -> str:
    return f"### {title}\n\n{text}"


def _covered(lines: Sequence[CoverageRow]) -> str:
    head = ["intervals of", "pairs", "coverage", "mean width"]
    return table(head, ([one.name, f"{one.rows:,}", _share(one), f"{one.width:.4f}"] for one in lines))


def _widened(lines: Sequence[WideningRow]) -> str:
    head = ["customers", "pairs", "coverage", "mean width", "times as wide", "in log-odds"]
    return table(
        head,
        (
            [
                one.covered.name,
                f"{one.covered.rows:,}",
                _share(one.covered),
                f"{one.covered.width:.4f}",
                f"{one.ratio:.2f}",
                f"{one.ratio_log_odds:.2f}",
            ]
            for one in lines
        ),
    )


def _share(one: CoverageRow) -> str:
    return f"{one.share:.3f} ± {one.half:.3f}"


def _groups(lines: Sequence[Group], digits: int) -> str:
    head = ["tenth", "rows", "stated", "true", "stated minus true"]
    return table(
        head,
        (
            [one.name, f"{one.rows:,}", f"{one.stated:.{digits}f}", f"{one.true:.{digits}f}", _gap(one, digits)]
            for one in lines
        ),
    )


def _gap(one: Group, digits: int = 3) -> str:
    return f"{one.gap:+.{digits}f} ± {one.half:.{digits}f}"


def _confidence(found: ConfidenceCalibration) -> Iterable[str]:
    yield _part("Stated confidence and how often it was right, all worlds", _groups(found.tenths, digits=3))
    yield _part("The same of the bare share of the draws", _groups(found.share_tenths, digits=3))
    for tolerance, groups in found.others:
        yield _part(f"What is served at a tolerance of {tolerance:.2f} EUR, all worlds", _groups(groups, digits=3))
    yield _part("Confidence world by world: the worst tenth of each", _worlds(found.worlds))
    yield _part("The same of the bare share of the draws", _worlds(found.share_worlds))


def _worlds(lines: Sequence[WorldCalibration]) -> str:
    head = ["", "decisions", "customers", "stated", "right", "worst tenth", "stated there", "right", "gap", "by chance"]
    return table(
        head,
        (
            [
                one.name,
                f"{one.decisions:,}",
                f"{one.customers:,}",
                f"{one.stated:.3f}",
                f"{one.true:.3f}",
                one.worst.name,
                f"{one.worst.stated:.3f}",
                f"{one.worst.true:.3f}",
                _gap(one.worst),
                f"{one.by_chance:.3f}",
            ]
            for one in lines
        ),
    )


def _worths(lines: Sequence[PolicyWorth]) -> str:
    head = ["choice", "true net value", "regret", "holds", "within the tolerance"]
    return table(
        head,
        (
            [one.name, f"{one.value:.4f} ± {one.half:.4f}", f"{one.regret:.4f}", f"{one.holds:.1%}", f"{one.near:.1%}"]
            for one in lines
        ),
    )


def _orders(lines: Sequence[ReviewOrder]) -> str:
    head = ["order", *(f"{share:.0%}" for share in SHARES), "area / random", "of the way to ideal"]
    return table(
        head,
        (
            [one.name, *(f"{lost:.3f}" for lost in one.regrets), f"{one.area:.2f}", f"{one.captured:.0%}"]
            for one in lines
        ),
    )


def _costs(lines: Sequence[Cost]) -> str:
    head = ["", "LightGBM's predict, us", "heed, us", "ratio"]
    return table(head, ([one.name, f"{one.point:,.0f}", f"{one.heed:,.0f}", f"{one.ratio:.2f}"] for one in lines))


def _learnt(found: LearnedTrust) -> str:
    names = ["all worlds", *(f"{name} alone" for name in found.worlds)]
    gaps = ["", *(_gap(one) for one in found.left_out), *[""] * (len(found.by_world) - len(found.left_out))]
    rows = zip(names, (found.trust, *found.by_world), gaps, strict=True)
    head = ["learnt on", "slope", "intercept", "leeway", "worst tenth by the constants of the others"]
    return table(
        head,
        ([name, f"{one.slope:.3f}", f"{one.intercept:+.3f}", f"{one.leeway:+.3f}", worst] for name, one, worst in rows),
    )
