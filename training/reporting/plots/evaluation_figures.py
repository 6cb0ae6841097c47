"""The pictures of a report: segments, uplift, values of policies, confidence, fairness, lift."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heed.training.evaluation.fairness import FOUR_FIFTHS, AttributeFairness
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.evaluation.metrics.lift import LiftDecile
from heed.training.evaluation.metrics.segments import MIN_ROWS, Segment
from heed.training.evaluation.off_policy.policy_comparison import MostConfident, PolicyComparison
from heed.training.evaluation.uplift.uplift_evaluation import UpliftResult
from heed.training.reporting.plots.plot_style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    category_rows,
    hide_spines,
    horizontal_intervals,
    new_figure,
    percent_axis,
    points_axis,
    set_title,
    vertical_intervals,
)

_MOST = 16
_LINE = 0.27


def segments_figure(segments: Mapping[str, Sequence[Segment]], what: str = "Share with the outcome") -> Figure:
    """What was said of each group beside what happened, one panel per attribute; at most 16 groups each."""
    shown = {name: _largest(some) for name, some in segments.items() if some}
    drawn, axes = _panels([len(some) for some in shown.values()])
    for axis, (name, some) in zip(axes, shown.items(), strict=True):
        _segments(axis, name, some)
    axes[-1].set_xlim(left=0.0)
    axes[-1].set_xlabel(what, color=GREY)
    named = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    drawn.legend(named.values(), named.keys(), loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return drawn


def uplift_figure(found: UpliftResult) -> Figure:
    """Stated uplift against realised, and what is gained by contacting those of greatest stated uplift first."""
    drawn = new_figure(4.2, 9.2)
    left, right = drawn.subplots(1, 2)
    _tenths(left, found)
    right.plot(found.curve.share, found.curve.gain, color=BLUE, linewidth=1.8, label="greatest stated uplift first")
    ends = [0.0, found.curve.gain[-1]]
    right.plot([0.0, 1.0], ends, color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="in any order")
    set_title(right, "Whom contact moves, found first")
    right.set_xlabel("Share of customers contacted", color=INK)
    right.set_ylabel("More outcomes per 100 customers", color=INK)
    percent_axis(right, "x")
    points_axis(right, "y")
    hide_spines(right)
    _legend_below(right)
    return drawn


def policies_figure(found: PolicyComparison, currency: str) -> Figure:
    """Value per decision of heed, of what was done and of the best single actions, holding being 0."""
    shown = [found.heed, found.logging, *found.singles[: _MOST - 2]]
    names = ["heed's choice", "what was done", *(f"always {one.name}" for one in shown[2:])]
    drawn = new_figure(0.9 + _LINE * len(shown))
    axis = drawn.subplots()
    heights = category_rows(axis, names)
    values = [one.value.doubly_robust for one in shown]
    axis.axvline(0.0, color=INK, linewidth=1)
    horizontal_intervals(axis, values[1:], heights[1:], GREY)
    horizontal_intervals(axis, values[:1], heights[:1], BLUE)
    set_title(axis, "Net value per decision, against holding for everybody")
    axis.set_xlabel(f"{currency} per decision, with 95 % interval", color=GREY)
    return drawn


def confidence_figure(surest: Sequence[MostConfident], currency: str) -> Figure:
    """Value of acting in the surest decisions alone, by how many they are."""
    drawn = new_figure(3.6)
    axis = drawn.subplots()
    share = [0.0, *(one.share for one in surest)]
    value = [Estimate(0.0, 0.0, 0.0, 0), *(one.value for one in surest)]
    axis.fill_between(share, [one.low for one in value], [one.high for one in value], color=BLUE, alpha=0.15, lw=0)
    axis.plot(share, [one.value for one in value], color=BLUE, marker="o", markersize=4, label="the surest first")
    last = surest[-1]
    axis.plot([0.0, last.share], [0.0, last.value.value], color=GREY, lw=1, ls=(0, (4, 3)), label="drawn at random")
    for one in surest[1:-1:2]:
        where, words = (one.share, one.value.value), f"{one.confidence:.0%} sure or more"
        axis.annotate(words, where, (-5, 6), textcoords="offset points", ha="right", fontsize=8, color=INK)
    set_title(axis, "What is gained when only the surest decisions are taken")
    axis.set_xlabel("Share of decisions taken; all others hold", color=INK)
    axis.set_ylabel(f"{currency} per decision", color=INK)
    percent_axis(axis, "x")
    hide_spines(axis)
    axis.legend(frameon=False, fontsize=9, loc="upper left")
    return drawn


def fairness_figure(tables: Sequence[AttributeFairness]) -> Figure:
    """How often each group would be contacted, beside four fifths of the most contacted group."""
    drawn, axes = _panels([len(table.groups) for table in tables])
    for axis, table in zip(axes, tables, strict=True):
        lines = category_rows(axis, [f"{one.segment.name}  ({one.segment.rows:,})" for one in table.groups])
        large = [one.selection.value for one in table.groups if one.segment.rows >= MIN_ROWS]
        bound = FOUR_FIFTHS * max(large, default=0.0)
        axis.axvline(bound, color=ORANGE, lw=1, ls=(0, (4, 3)), label="four fifths of the most contacted group")
        horizontal_intervals(
            axis, [one.selection for one in table.groups], lines, label="would be contacted, 95 % interval"
        )
        percent_axis(axis, "x")
        set_title(axis, f"By {table.attribute}")
    axes[-1].set_xlim(0.0, 1.03)
    axes[-1].set_xlabel("Share of decisions in which heed would contact", color=GREY)
    named = axes[0].get_legend_handles_labels()
    drawn.legend(*named, loc="outside upper left", ncols=2, frameon=False, fontsize=9)
    return drawn


def lift_figure(tenths: Sequence[LiftDecile]) -> Figure:
    """What share of all outcomes lies in the tenths of highest probability."""
    drawn = new_figure(3.4)
    axis = drawn.subplots()
    share = np.arange(len(tenths) + 1) / len(tenths)
    axis.plot(share, [0.0, *(one.gain for one in tenths)], color=BLUE, marker="o", markersize=4, label="by probability")
    axis.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="in any order")
    set_title(axis, "Outcomes found among the most probable")
    axis.set_xlabel("Share of contacts, most probable first", color=INK)
    axis.set_ylabel("Share of all outcomes", color=INK)
    percent_axis(axis, "x")
    percent_axis(axis, "y")
    hide_spines(axis)
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    return drawn


def _panels(lines: Sequence[int]) -> tuple[Figure, Sequence[Axes]]:
    """One panel above the other on one scale, each as high as its lines ask for."""
    drawn = new_figure(sum(0.75 + _LINE * count for count in lines) + 0.6)
    axes = drawn.subplots(len(lines), 1, height_ratios=[count + 1.5 for count in lines], squeeze=False, sharex=True)
    for axis in axes.ravel():
        axis.tick_params(axis="x", labelbottom=True)
    return drawn, list(axes.ravel())


def _largest(some: Sequence[Segment]) -> list[Segment]:
    most = sorted(some, key=lambda one: -one.rows)[:_MOST]
    return [one for one in some if one in most]


def _segments(axis: Axes, name: str, some: Sequence[Segment]) -> None:
    heights = category_rows(axis, [f"{one.name}  ({one.rows:,})" for one in some])
    off = [place for place, one in enumerate(some) if one.miscalibrated]
    fine = [place for place in range(len(some)) if place not in off]
    horizontal_intervals(
        axis, [_happened(some[place]) for place in fine], heights[fine], label="happened, 95 % interval"
    )
    if off:
        horizontal_intervals(
            axis, [some[place].rate for place in off], heights[off], ORANGE, label="happened, off by more than chance"
        )
    said = [one.propensity for one in some]
    axis.plot(said, heights, "D", markersize=7, mfc="none", mec=INK, mew=1.2, label="said")
    percent_axis(axis, "x")
    set_title(axis, f"By {name}")


def _happened(one: Segment) -> Estimate:
    """The realised rate with the interval of its distance to what was said, so that both can be told apart by eye."""
    said = one.propensity
    return Estimate(one.rate.value, max(0.0, said + one.gap.low), min(1.0, said + one.gap.high), one.rows)


def _tenths(axis: Axes, found: UpliftResult) -> None:
    stated = [one.stated for one in found.tenths]
    for one in found.tenths:
        axis.plot([one.low, one.high], [one.realised.value] * 2, color=PALE, linewidth=2, zorder=0)
    vertical_intervals(axis, stated, [one.realised for one in found.tenths], "groups of customers, 95 % interval")
    ends = [one.realised.low for one in found.tenths] + [one.realised.high for one in found.tenths] + stated
    low, high = min(ends), max(ends)
    edge = 0.06 * (high - low)
    axis.plot([low, high], [low, high], color=GREY, linewidth=1, linestyle=(0, (4, 3)), label="stated = realised")
    axis.axhline(0.0, color=PALE, linewidth=1, zorder=0)
    axis.set_xlim(low - edge, high + edge)
    axis.set_ylim(low - edge, high + edge)
    set_title(axis, "What contact adds")
    axis.set_xlabel("Said: percentage points more", color=INK)
    axis.set_ylabel("Happened: percentage points more", color=INK)
    points_axis(axis, "x")
    points_axis(axis, "y")
    hide_spines(axis)
    _legend_below(axis)


def _legend_below(axis: Axes) -> None:
    """Where no point can be hidden by it."""
    axis.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2, borderpad=0.0)
