"""The reliability diagram: what the model said, and what happened."""

import io
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import Bins, equal_mass_bins

_INK, _BLUE, _GREY, _PALE = "#1f2933", "#1f6fb2", "#7b8794", "#cbd5e1"
_COLUMNS = 4
_MOST_ACTIONS = 16
_LEAST_ROWS = 30


def reliability_figure(propensity: Floats, label: NDArray[np.bool_], title: str) -> Figure:
    """Overall diagram in ten groups of equally many rows, with a histogram of what was said below it."""
    figure = _figure(6.4, 6.8)
    upper, lower = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    grouped = equal_mass_bins(propensity, label, 10)
    limit = _limit(grouped)
    _draw(upper, grouped, limit)
    upper.set_title(f"{title}\nOn the line, probabilities keep their word", color=_INK, fontsize=11, loc="left")
    upper.set_ylabel("What happened: share with the outcome", color=_INK)
    upper.legend(frameon=False, loc="upper left", fontsize=9)
    lower.hist(propensity, bins=40, range=(0.0, limit), color=_PALE)
    beyond = int((propensity > limit).sum())
    if beyond:
        lower.annotate(f"{beyond:,} further right", (1.0, 0.9), xycoords="axes fraction", ha="right", fontsize=8)
    lower.set_ylabel("contacts", color=_GREY)
    lower.set_xlabel("What the model said: probability of the outcome", color=_INK)
    _bare(lower)
    return figure


def reliability_by_action_figure(parts: Mapping[str, tuple[Floats, NDArray[np.bool_]]]) -> Figure:
    """One small diagram per action in five groups, the most frequent actions first.

    Parameters
    ----------
    parts : mapping of str to (propensity, label)
        Per action; those of fewer than 30 rows are left out, and of the rest at most 16 are shown.
    """
    shown = _most_frequent(parts)
    rows = max(1, -(-len(shown) // _COLUMNS))
    figure = _figure(3.0 * _COLUMNS, 3.0 * rows + 0.6)
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axis, (name, (propensity, label)) in zip(axes, shown.items(), strict=False):
        grouped = equal_mass_bins(propensity, label, 5)
        _draw(axis, grouped, _limit(grouped))
        said = f"said {propensity.mean():.1%}, happened {label.mean():.1%} of {len(label):,}"
        axis.set_title(f"{name}\n{said}", fontsize=9, color=_INK, loc="left")
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_locator(MaxNLocator(4))
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    figure.supxlabel("What the model said", color=_INK, fontsize=11)
    figure.supylabel("What happened", color=_INK, fontsize=11)
    return figure


def picture(figure: Figure, kind: str = "png") -> bytes:
    """The figure as a file of this kind, ``png`` or ``svg``."""
    out = io.BytesIO()
    FigureCanvasAgg(figure)
    # No date, so that the same figure is the same file.
    figure.savefig(out, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()


def _draw(axis: Axes, grouped: Bins, limit: float) -> None:
    axis.plot([0.0, limit], [0.0, limit], color=_GREY, linewidth=1, linestyle=(0, (4, 3)), label="stated = realised")
    gaps = np.stack([grouped.rate - grouped.low, grouped.high - grouped.rate])
    axis.errorbar(
        grouped.stated,
        grouped.rate,
        yerr=np.maximum(gaps, 0.0),
        fmt="o",
        markersize=5,
        color=_BLUE,
        ecolor=_BLUE,
        elinewidth=1.2,
        capsize=2.5,
        label="groups of contacts, 95 % interval",
    )
    axis.set_xlim(0.0, limit)
    axis.set_ylim(0.0, limit)
    _bare(axis)
    axis.yaxis.set_major_formatter(PercentFormatter(1.0))
    axis.yaxis.set_major_locator(MaxNLocator(6))


def _bare(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.spines[["left", "bottom"]].set_color(_GREY)
    axis.tick_params(colors=_GREY, labelsize=8)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0))
    axis.xaxis.set_major_locator(MaxNLocator(6))


def _figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), layout="constrained")


def _limit(grouped: Bins) -> float:
    """Upper end of both axes: everything that is drawn fits, and rare outcomes are not squeezed into a corner."""
    return float(min(1.0, 1.08 * max(grouped.stated.max(), grouped.high.max())))


def _most_frequent(
    parts: Mapping[str, tuple[Floats, NDArray[np.bool_]]],
) -> dict[str, tuple[Floats, NDArray[np.bool_]]]:
    large = {name: part for name, part in parts.items() if len(part[1]) >= _LEAST_ROWS}
    ranked = sorted(large, key=lambda name: (-len(large[name][1]), name))
    return {name: large[name] for name in ranked[:_MOST_ACTIONS]}
