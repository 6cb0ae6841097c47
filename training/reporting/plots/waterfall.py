"""Waterfall plot of one prediction: from the base probability to the served one, feature by feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from heed.decisioning.score import Contribution, Explanation
from heed.training.features.display_names import display_value

_INK, _GREY, _UP, _DOWN = "#1f2933", "#7b8794", "#1f6fb2", "#c2571a"


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One bar, in per cent."""

    words: str
    start: float
    end: float

    @property
    def points(self) -> float:
        """Length of the bar in percentage points, signed."""
        return self.end - self.start


def waterfall_steps(explanation: Explanation, words: Mapping[str, str], largest: int = 9) -> tuple[WaterfallStep, ...]:
    """The largest contributions in order, and all others as the last step.

    Parameters
    ----------
    words : mapping of str to str
        Display names of features; a missing one keeps its name.

    Returns
    -------
    tuple of WaterfallStep
        Each starts where the previous one ends; the first starts at the base, the last ends at the served probability.
    """
    named = explanation.contributions[:largest]
    others = explanation.contributions[largest:]
    parts = [(f"{words.get(item.feature, item.feature)} = {display_value(item.value)}", item.points) for item in named]
    if others:
        parts.append((f"Everything else ({len(others)} features)", _total(others)))
    steps, at = [], 100.0 * explanation.base_probability
    for label, points in parts:
        steps.append(WaterfallStep(label, at, at + points))
        at += points
    return tuple(steps)


def waterfall_figure(explanation: Explanation, words: Mapping[str, str], title: str, largest: int = 9) -> Figure:
    """Bars to the right raise the probability, bars to the left lower it; see :func:`waterfall_steps`."""
    steps = waterfall_steps(explanation, words, largest)
    figure = Figure(figsize=(9.0, 1.6 + 0.42 * (len(steps) + 2)), layout="constrained")
    axis = figure.subplots()
    _end(axis, 0, 100.0 * explanation.base_probability)
    for place, step in enumerate(steps, start=1):
        _bar(axis, place, step)
    _end(axis, len(steps) + 1, 100.0 * explanation.probability)
    labels = ["Base probability", *(step.words for step in steps), "Served for this customer"]
    axis.set_yticks(range(len(labels)), labels, color=_INK, fontsize=9)
    axis.invert_yaxis()
    axis.set_title(title, color=_INK, fontsize=11, loc="left")
    axis.set_xlabel("Probability of the outcome", color=_INK)
    _plain(axis)
    return figure


def _total(contributions: Sequence[Contribution]) -> float:
    return sum(item.points for item in contributions)


def _bar(axis: Axes, place: int, step: WaterfallStep) -> None:
    axis.barh(place, step.points, left=step.start, height=0.62, color=_UP if step.points > 0 else _DOWN)
    axis.plot([step.end, step.end], [place - 0.31, place + 1.31], color=_GREY, linewidth=0.7)
    beside = max(step.start, step.end)
    axis.annotate(
        f"{step.points:+.2f} points",
        (beside, place),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color=_INK,
    )


def _end(axis: Axes, place: int, percent: float) -> None:
    axis.plot(percent, place, marker="D", markersize=7, color=_INK)
    axis.annotate(
        f"{percent:.1f} %",
        (percent, place),
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        fontsize=10,
        fontweight="bold",
        color=_INK,
    )


def _plain(axis: Axes) -> None:
    # Sticky edges would end the axis at the bars and cut the text beside them.
    axis.use_sticky_edges = False
    axis.margins(x=0.14)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.spines["bottom"].set_color(_GREY)
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", colors=_GREY, labelsize=8)
    axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
