"""Common style of all figures: colors, axes, points with intervals."""

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from heed.training.evaluation.metrics.estimate import Estimate

INK, BLUE, ORANGE, GREY, PALE = "#1f2933", "#1f6fb2", "#c2570c", "#66727f", "#cbd5e1"
_WIDTH = 8.2


def new_figure(height: float, width: float = _WIDTH) -> Figure:
    """An empty figure; sizes are in inches."""
    return Figure(figsize=(width, height), layout="constrained")


def render_figure(figure: Figure, kind: str = "png") -> bytes:
    """The figure as a file, ``png`` or ``svg``."""
    out = io.BytesIO()
    FigureCanvasAgg(figure)
    # No date, so that the same figure is the same file.
    figure.savefig(out, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()


def hide_spines(axis: Axes) -> None:
    """Hide the spines that carry no information."""
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(PALE)
    axis.tick_params(colors=GREY, labelsize=9)


def set_title(axis: Axes, text: str) -> None:
    """Set the title at the upper left."""
    axis.set_title(text, color=INK, fontsize=11, loc="left")


def percent_axis(axis: Axes, which: str) -> None:
    """Format an axis in per cent."""
    target = axis.xaxis if which == "x" else axis.yaxis
    target.set_major_formatter(PercentFormatter(1.0))
    target.set_major_locator(MaxNLocator(6))


def points_axis(axis: Axes, which: str) -> None:
    """Format an axis of probability differences in percentage points, with sign."""
    target = axis.xaxis if which == "x" else axis.yaxis
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:+.3g}" if value else "0"))
    target.set_major_locator(MaxNLocator(6))


def category_rows(axis: Axes, names: Sequence[str]) -> np.ndarray:
    """One row per name, the first on top; returns the heights of the rows."""
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
    axis: Axes, estimates: Sequence[Estimate], heights: np.ndarray, color: str = BLUE, label: str = ""
) -> None:
    """Points with horizontal intervals."""
    values = np.array([estimate.value for estimate in estimates])
    axis.errorbar(
        values, heights, xerr=_gaps(estimates), fmt="o", markersize=5, color=color, elinewidth=1.4, label=label or None
    )


def vertical_intervals(axis: Axes, x: Sequence[float], estimates: Sequence[Estimate], label: str = "") -> None:
    """Points with vertical intervals."""
    values = [estimate.value for estimate in estimates]
    gaps = _gaps(estimates)
    axis.errorbar(
        x, values, yerr=gaps, fmt="o", markersize=5, color=BLUE, elinewidth=1.4, capsize=2.5, label=label or None
    )


def _gaps(estimates: Sequence[Estimate]) -> np.ndarray:
    ends = [(estimate.value - estimate.low, estimate.high - estimate.value) for estimate in estimates]
    gaps: np.ndarray = np.nan_to_num(np.maximum(np.array(ends).reshape(-1, 2).T, 0.0))
    return gaps
