"""Figures of a certificate and of the value of reviews."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from heed.decisioning.certificate import Loss
from heed.training.certificate.capacity import CapacityPoint
from heed.training.certificate.certify import CertificationResult
from heed.training.reporting.plots.plot_style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    hide_spines,
    new_figure,
    percent_axis,
    set_title,
)

_DASHES = (0, (4, 3))


def certificate_figure(result: CertificationResult, currency: str) -> Figure:
    """Mean loss by threshold with its upper bound, the requested bound, and the certified range."""
    figure = new_figure(5.2)
    upper, lower = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    _losses(upper, result, currency)
    shown = [point for point in result.curve if point.executed]
    thresholds, customers = [point.threshold for point in shown], [point.executed for point in shown]
    lower.fill_between(thresholds, customers, color=PALE, step="mid")
    lower.set_ylabel("customers", color=GREY, fontsize=9)
    lower.set_xlabel("Lowest confidence at which heed acts without review", color=INK)
    percent_axis(lower, "x")
    hide_spines(lower)
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=4)
    return figure


def capacity_figure(curve: Sequence[CapacityPoint], requested: Sequence[float], currency: str) -> Figure:
    """Expected value of reviews a day, by their number."""
    figure = new_figure(3.6)
    axis = figure.subplots()
    axis.plot(
        [point.reviews_a_day for point in curve], [point.gained_a_day for point in curve], color=BLUE, linewidth=1.8
    )
    for point in curve:
        if point.capacity in requested:
            axis.plot([point.reviews_a_day], [point.gained_a_day], "o", color=ORANGE, markersize=7)
            words = (
                f"{point.reviews_a_day:,.4g} a day: review below {point.threshold:.0%}, {point.automated:.0%} automated"
            )
            where = (point.reviews_a_day, point.gained_a_day)
            axis.annotate(words, where, (8, -14), textcoords="offset points", color=INK)
    set_title(axis, "Value of reviewing the least confident acts first")
    axis.set_xlabel("Reviews a day", color=INK)
    axis.set_ylabel(f"{currency} a day, upper bound", color=INK)
    axis.set_xlim(left=0.0)
    axis.set_ylim(bottom=0.0)
    hide_spines(axis)
    return figure


def _losses(axis: Axes, result: CertificationResult, currency: str) -> None:
    request = result.request
    shown = [point for point in result.curve if point.executed]
    at = np.array([point.threshold for point in shown])
    risk, bound = np.array([point.risk for point in shown]), np.array([point.upper for point in shown])
    axis.fill_between(
        at, risk, bound, color=PALE, linewidth=0, label=f"upper bound, {1 - request.delta:.0%} confidence"
    )
    axis.plot(at, risk, color=BLUE, linewidth=1.8, marker="o", markersize=3.5, label="observed mean loss")
    axis.axhline(request.alpha, color=ORANGE, linewidth=1.2, linestyle=_DASHES, label="requested bound")
    if result.certificate is not None:
        axis.axvspan(result.certificate.threshold, 1.0, color=BLUE, alpha=0.08, linewidth=0, label="certified")
    _scale(axis, result, risk)
    set_title(axis, _heading(result))
    axis.set_xlim(0.0, 1.0)
    hide_spines(axis)
    if request.loss is Loss.HARM:
        axis.set_ylabel("Share harmed", color=INK)
        percent_axis(axis, "y")
    else:
        axis.set_ylabel(f"{currency} lost per act", color=INK)


def _scale(axis: Axes, result: CertificationResult, risk: np.ndarray) -> None:
    """Bounds of few customers are huge; the requested bound and the observed loss must stay visible."""
    most = max(3.0 * result.request.alpha, 1.6 * float(risk.max(initial=0.0)), 1e-3)
    axis.set_ylim(min(0.0, 1.1 * float(risk.min(initial=0.0))), most)


def _heading(result: CertificationResult) -> str:
    if result.certificate is None:
        return "Nothing can be certified"
    return f"Confidence of {result.certificate.threshold:.0%} or more: {result.certificate.promise}"
