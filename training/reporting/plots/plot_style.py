"""What all pictures of a report have in common: colours, axes, points with intervals."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from heed.training.evaluation.metrics.estimate import Estimate

INK, BLUE, ORANGE, GREY, PALE = "#1f2933", "#1f6fb2", "#c2570c", "#66727f", "#cbd5e1"
_WIDTH = 8.2


def new_figure(height: float, width: float = _WIDTH) -> Figure:
    """An empty picture, in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def hide_spines(axis: Axes) -> None:
    """Leave out all lines that say nothing."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(PALE)
    axis.tick_params(colors=GREY, labelsize=9)


def set_title(axis: Axes, text: str) -> None:
    """What the picture says, at its upper left."""
    axis.set_title(text, color=INK, fontsize=11, loc="left")


def percent_axis(axis: Axes, which: str) -> None:
    """Write an axis in per cent."""
    mine = axis.xaxis if which == "x" else axis.yaxis
    mine.set_major_formatter(PercentFormatter(1.0))
    mine.set_major_locator(MaxNLocator(6))


def points_axis(axis: Axes, which: str) -> None:
    """Write an axis of differences of probabilities in percentage points, with their sign."""
    mine = axis.xaxis if which == "x" else axis.yaxis
    mine.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:+.3g}" if value else "0"))
    mine.set_major_locator(MaxNLocator(6))


def category_rows(axis: Axes, names: Sequence[str]) -> np.ndarray:
    """One line per name, the first on top; gives the heights of the lines."""
    heights: np.ndarray = np.arange(len(names), dtype=np.float64)[::-1]
    axis.set_yticks(heights, list(names))
    axis.set_ylim(-0.7, len(names) - 0.3)
    axis.tick_params(axis="y", length=0, labelsize=9, colors=INK)
    axis.grid(axis="x", color=PALE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.spines["bottom"].set_color(PALE)
    axis.tick_params(axis="x", colors=GREY, labelsize=9)
    return heights


def horizontal_intervals(
    axis: Axes, estimates: Sequence[Estimate], heights: np.ndarray, colour: str = BLUE, label: str = ""
) -> None:
    """Points with their intervals, lying."""
    values = np.array([one.value for one in estimates])
    axis.errorbar(
        values, heights, xerr=_gaps(estimates), fmt="o", markersize=5, color=colour, elinewidth=1.4, label=label or None
    )


def vertical_intervals(axis: Axes, places: Sequence[float], estimates: Sequence[Estimate], label: str = "") -> None:
    """Points with their intervals, standing."""
    values = [one.value for one in estimates]
    gaps = _gaps(estimates)
    axis.errorbar(
        places, values, yerr=gaps, fmt="o", markersize=5, color=BLUE, elinewidth=1.4, capsize=2.5, label=label or None
    )


def _gaps(estimates: Sequence[Estimate]) -> np.ndarray:
    ends = [(one.value - one.low, one.high - one.value) for one in estimates]
    gaps: np.ndarray = np.nan_to_num(np.maximum(np.array(ends).reshape(-1, 2).T, 0.0))
    return gaps
