"""Reliability diagrams: predicted against realized rate."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import Bins, equal_mass_bins
from heed.training.reporting.plots.plot_style import BLUE, INK, PALE, new_figure

_GREY = "#7b8794"
_COLUMNS = 4
_MAX_ACTIONS = 16
_MIN_ROWS = 30


def reliability_figure(propensity: Floats, label: NDArray[np.bool_], title: str) -> Figure:
    """Overall diagram in ten bins of equally many rows, above a histogram of the predictions."""
    figure = new_figure(6.8, 6.4)
    upper, lower = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    bins = equal_mass_bins(propensity, label, 10)
    limit = _limit(bins)
    _draw(upper, bins, limit)
    upper.set_title(f"{title}\nOn the line, predictions are calibrated", color=INK, fontsize=11, loc="left")
    upper.set_ylabel("Realized rate", color=INK)
    upper.legend(frameon=False, loc="upper left", fontsize=9)
    lower.hist(propensity, bins=40, range=(0.0, limit), color=PALE)
    beyond = int((propensity > limit).sum())
    if beyond:
        lower.annotate(f"{beyond:,} above", (1.0, 0.9), xycoords="axes fraction", ha="right", fontsize=8)
    lower.set_ylabel("contacts", color=_GREY)
    lower.set_xlabel("Predicted probability", color=INK)
    _hide_spines(lower)
    return figure


def reliability_by_action_figure(parts: Mapping[str, tuple[Floats, NDArray[np.bool_]]]) -> Figure:
    """One small diagram per action in five bins, the most frequent actions first.

    Parameters
    ----------
    parts : mapping of str to (propensity, label)
        Per action; actions with fewer than 30 rows are left out, and at most 16 are shown.
    """
    shown = _most_frequent(parts)
    rows = max(1, -(-len(shown) // _COLUMNS))
    figure = new_figure(3.0 * rows + 0.6, 3.0 * _COLUMNS)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axis, (name, (propensity, label)) in zip(axes, shown.items(), strict=False):
        bins = equal_mass_bins(propensity, label, 5)
        _draw(axis, bins, _limit(bins))
        rates = f"predicted {propensity.mean():.1%}, realized {label.mean():.1%} of {len(label):,}"
        axis.set_title(f"{name}\n{rates}", fontsize=9, color=INK, loc="left")
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_locator(MaxNLocator(4))
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    figure.supxlabel("Predicted probability", color=INK, fontsize=11)
    figure.supylabel("Realized rate", color=INK, fontsize=11)
    return figure


def _draw(axis: Axes, bins: Bins, limit: float) -> None:
    axis.plot([0.0, limit], [0.0, limit], color=_GREY, linewidth=1, linestyle=(0, (4, 3)), label="perfect calibration")
    gaps = np.stack([bins.rate - bins.low, bins.high - bins.rate])
    axis.errorbar(
        bins.stated,
        bins.rate,
        yerr=np.maximum(gaps, 0.0),
        fmt="o",
        markersize=5,
        color=BLUE,
        ecolor=BLUE,
        elinewidth=1.2,
        capsize=2.5,
        label="bins of contacts, 95 % interval",
    )
    axis.set_xlim(0.0, limit)
    axis.set_ylim(0.0, limit)
    _hide_spines(axis)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.yaxis.set_major_locator(MaxNLocator(6))


def _hide_spines(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(_GREY)
    axis.tick_params(colors=_GREY, labelsize=8)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0))
    axis.xaxis.set_major_locator(MaxNLocator(6))


def _limit(bins: Bins) -> float:
    """Upper limit of both axes: everything fits, and rare outcomes are not squeezed into a corner."""
    return float(min(1.0, 1.08 * max(bins.stated.max(), bins.high.max())))


def _most_frequent(
    parts: Mapping[str, tuple[Floats, NDArray[np.bool_]]],
) -> dict[str, tuple[Floats, NDArray[np.bool_]]]:
    large = {name: part for name, part in parts.items() if len(part[1]) >= _MIN_ROWS}
    ranked = sorted(large, key=lambda name: (-len(large[name][1]), name))
    return {name: large[name] for name in ranked[:_MAX_ACTIONS]}
