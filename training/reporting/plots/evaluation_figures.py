"""Figures of the evaluation report: segments, uplift, policy values, confidence, fairness, lift."""

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

_MAX_GROUPS = 16
_ROW_HEIGHT = 0.27
_DASHES = (0, (4, 3))


def segments_figure(segments: Mapping[str, Sequence[Segment]], label: str = "Share with the outcome") -> Figure:
    """Predicted and realized rate of each group, one panel per attribute; at most 16 groups each."""
    shown = {name: _largest(groups) for name, groups in segments.items() if groups}
    figure, axes = _panels([len(groups) for groups in shown.values()])
    for axis, (name, groups) in zip(axes, shown.items(), strict=True):
        _segments(axis, name, groups)
    axes[-1].set_xlim(left=0.0)
    axes[-1].set_xlabel(label, color=GREY)
    handles = {name: handle for axis in axes for handle, name in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3, frameon=False, fontsize=9)
    return figure


def uplift_figure(result: UpliftResult) -> Figure:
    """Predicted against realized uplift, and the uplift curve."""
    figure = new_figure(4.2, 9.2)
    left, right = figure.subplots(1, 2)
    _uplift_deciles(left, result)
    right.plot(result.curve.share, result.curve.gain, color=BLUE, linewidth=1.8, label="highest predicted uplift first")
    ends = [0.0, result.curve.gain[-1]]
    right.plot([0.0, 1.0], ends, color=GREY, linewidth=1, linestyle=_DASHES, label="random order")
    set_title(right, "Uplift curve")
    right.set_xlabel("Share of customers contacted", color=INK)
    right.set_ylabel("Additional outcomes per 100 customers", color=INK)
    percent_axis(right, "x")
    points_axis(right, "y")
    hide_spines(right)
    _legend_below(right)
    return figure


def policies_figure(policies: PolicyComparison, currency: str) -> Figure:
    """Value per decision of heed, the logging policy and the best single actions, against hold."""
    shown = [policies.heed, policies.logging, *policies.singles[: _MAX_GROUPS - 2]]
    names = ["heed's choices", "logged actions", *(f"always {policy.name}" for policy in shown[2:])]
    figure = new_figure(0.9 + _ROW_HEIGHT * len(shown))
    axis = figure.subplots()
    heights = category_rows(axis, names)
    values = [policy.value.doubly_robust for policy in shown]
    axis.axvline(0.0, color=INK, linewidth=1)
    horizontal_intervals(axis, values[1:], heights[1:], GREY)
    horizontal_intervals(axis, values[:1], heights[:1], BLUE)
    set_title(axis, "Net value per decision, against holding for everybody")
    axis.set_xlabel(f"{currency} per decision, with 95 % interval", color=GREY)
    return figure


def confidence_figure(points: Sequence[MostConfident], currency: str) -> Figure:
    """Value of acting in the most confident decisions only, by their share."""
    figure = new_figure(3.6)
    axis = figure.subplots()
    share = [0.0, *(point.share for point in points)]
    value = [Estimate(0.0, 0.0, 0.0, 0), *(point.value for point in points)]
    low, high = [estimate.low for estimate in value], [estimate.high for estimate in value]
    axis.fill_between(share, low, high, color=BLUE, alpha=0.15, lw=0)
    values = [estimate.value for estimate in value]
    axis.plot(share, values, color=BLUE, marker="o", markersize=4, label="most confident first")
    last = points[-1]
    axis.plot([0.0, last.share], [0.0, last.value.value], color=GREY, lw=1, ls=_DASHES, label="random order")
    for point in points[1:-1:2]:
        where, text = (point.share, point.value.value), f"confidence {point.confidence:.0%} or more"
        axis.annotate(text, where, (-5, 6), textcoords="offset points", ha="right", fontsize=8, color=INK)
    set_title(axis, "Value of taking only the most confident decisions")
    axis.set_xlabel("Share of decisions taken; all others hold", color=INK)
    axis.set_ylabel(f"{currency} per decision", color=INK)
    percent_axis(axis, "x")
    hide_spines(axis)
    axis.legend(frameon=False, fontsize=9, loc="upper left")
    return figure


def fairness_figure(tables: Sequence[AttributeFairness]) -> Figure:
    """Selection rate of each group, and four fifths of the highest."""
    figure, axes = _panels([len(table.groups) for table in tables])
    for axis, table in zip(axes, tables, strict=True):
        heights = category_rows(axis, [f"{group.segment.name}  ({group.segment.rows:,})" for group in table.groups])
        large = [group.selection.value for group in table.groups if group.segment.rows >= MIN_ROWS]
        bound = FOUR_FIFTHS * max(large, default=0.0)
        axis.axvline(bound, color=ORANGE, lw=1, ls=_DASHES, label="four fifths of the highest rate")
        selection = [group.selection for group in table.groups]
        horizontal_intervals(axis, selection, heights, label="selection rate, 95 % interval")
        percent_axis(axis, "x")
        set_title(axis, f"By {table.attribute}")
    axes[-1].set_xlim(0.0, 1.03)
    axes[-1].set_xlabel("Share of decisions to contact", color=GREY)
    handles = axes[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper left", ncols=2, frameon=False, fontsize=9)
    return figure


def lift_figure(deciles: Sequence[LiftDecile]) -> Figure:
    """Cumulative gain: the share of all outcomes in the most probable contacts."""
    figure = new_figure(3.4)
    axis = figure.subplots()
    share = np.arange(len(deciles) + 1) / len(deciles)
    gain = [0.0, *(decile.gain for decile in deciles)]
    axis.plot(share, gain, color=BLUE, marker="o", markersize=4, label="by probability")
    axis.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=_DASHES, label="random order")
    set_title(axis, "Cumulative gain")
    axis.set_xlabel("Share of contacts, most probable first", color=INK)
    axis.set_ylabel("Share of all outcomes", color=INK)
    percent_axis(axis, "x")
    percent_axis(axis, "y")
    hide_spines(axis)
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def _panels(rows: Sequence[int]) -> tuple[Figure, Sequence[Axes]]:
    """Stacked panels with a shared x axis, as high as their rows require."""
    figure = new_figure(sum(0.75 + _ROW_HEIGHT * count for count in rows) + 0.6)
    axes = figure.subplots(len(rows), 1, height_ratios=[count + 1.5 for count in rows], squeeze=False, sharex=True)
    for axis in axes.ravel():
        axis.tick_params(axis="x", labelbottom=True)
    return figure, list(axes.ravel())


def _largest(segments: Sequence[Segment]) -> list[Segment]:
    largest = sorted(segments, key=lambda segment: -segment.rows)[:_MAX_GROUPS]
    return [segment for segment in segments if segment in largest]


def _segments(axis: Axes, name: str, segments: Sequence[Segment]) -> None:
    heights = category_rows(axis, [f"{segment.name}  ({segment.rows:,})" for segment in segments])
    off = [index for index, segment in enumerate(segments) if segment.miscalibrated]
    fine = [index for index in range(len(segments)) if index not in off]
    calibrated = [_realized(segments[index]) for index in fine]
    horizontal_intervals(axis, calibrated, heights[fine], label="realized, 95 % interval")
    if off:
        rates = [segments[index].rate for index in off]
        horizontal_intervals(axis, rates, heights[off], ORANGE, label="realized, miscalibrated")
    predicted = [segment.propensity for segment in segments]
    axis.plot(predicted, heights, "D", markersize=7, mfc="none", mec=INK, mew=1.2, label="predicted")
    percent_axis(axis, "x")
    set_title(axis, f"By {name}")


def _realized(segment: Segment) -> Estimate:
    """The realized rate with the interval of its gap, so that intervals exclude the prediction where it is off."""
    predicted, gap = segment.propensity, segment.gap
    return Estimate(segment.rate.value, max(0.0, predicted + gap.low), min(1.0, predicted + gap.high), segment.rows)


def _uplift_deciles(axis: Axes, result: UpliftResult) -> None:
    stated = [decile.stated for decile in result.tenths]
    realized = [decile.realised for decile in result.tenths]
    for decile in result.tenths:
        axis.plot([decile.low, decile.high], [decile.realised.value] * 2, color=PALE, linewidth=2, zorder=0)
    vertical_intervals(axis, stated, realized, "groups of customers, 95 % interval")
    ends = [estimate.low for estimate in realized] + [estimate.high for estimate in realized] + stated
    low, high = min(ends), max(ends)
    margin = 0.06 * (high - low)
    axis.plot([low, high], [low, high], color=GREY, linewidth=1, linestyle=_DASHES, label="perfect calibration")
    axis.axhline(0.0, color=PALE, linewidth=1, zorder=0)
    axis.set_xlim(low - margin, high + margin)
    axis.set_ylim(low - margin, high + margin)
    set_title(axis, "Uplift calibration")
    axis.set_xlabel("Predicted uplift, percentage points", color=INK)
    axis.set_ylabel("Realized uplift, percentage points", color=INK)
    points_axis(axis, "x")
    points_axis(axis, "y")
    hide_spines(axis)
    _legend_below(axis)


def _legend_below(axis: Axes) -> None:
    """Below the axis, where it hides no point."""
    axis.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2, borderpad=0.0)
