"""Pictures of a certificate and of what reviewers buy."""

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


def certificate_figure(found: CertificationResult, currency: str) -> Figure:
    """Mean loss by threshold with its upper bound, the bound that was asked for, and where the certificate begins."""
    drawn = new_figure(5.2)
    upper, lower = drawn.subplots(2, 1, height_ratios=(4, 1), sharex=True)
    _losses(upper, found, currency)
    shown = [one for one in found.curve if one.executed]
    lower.fill_between([one.threshold for one in shown], [one.executed for one in shown], color=PALE, step="mid")
    lower.set_ylabel("customers", color=GREY, fontsize=9)
    lower.set_xlabel("Least confidence at which heed acts by itself", color=INK)
    percent_axis(lower, "x")
    hide_spines(lower)
    drawn.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=4)
    return drawn


def capacity_figure(readings: Sequence[CapacityPoint], chosen: Sequence[float], currency: str) -> Figure:
    """What cases that go to people are expected to bring a day, by how many of them people settle."""
    drawn = new_figure(3.6)
    axis = drawn.subplots()
    axis.plot(
        [one.reviews_a_day for one in readings], [one.gained_a_day for one in readings], color=BLUE, linewidth=1.8
    )
    for one in readings:
        if one.capacity in chosen:
            axis.plot([one.reviews_a_day], [one.gained_a_day], "o", color=ORANGE, markersize=7)
            words = (
                f"{one.reviews_a_day:,.4g} a day: below {one.threshold:.0%} to people, {one.automated:.0%} by itself"
            )
            axis.annotate(words, (one.reviews_a_day, one.gained_a_day), (8, -14), textcoords="offset points", color=INK)
    set_title(axis, "What looking at the least sure first can bring")
    axis.set_xlabel("Review cases a day", color=INK)
    axis.set_ylabel(f"{currency} a day, at most", color=INK)
    axis.set_xlim(left=0.0)
    axis.set_ylim(bottom=0.0)
    hide_spines(axis)
    return drawn


def _losses(axis: Axes, found: CertificationResult, currency: str) -> None:
    request = found.request
    shown = [one for one in found.curve if one.executed]
    at = np.array([one.threshold for one in shown])
    risk, bound = np.array([one.risk for one in shown]), np.array([one.upper for one in shown])
    axis.fill_between(at, risk, bound, color=PALE, linewidth=0, label=f"up to its bound, {1 - request.delta:.0%} sure")
    axis.plot(at, risk, color=BLUE, linewidth=1.8, marker="o", markersize=3.5, label="mean loss that was seen")
    axis.axhline(request.alpha, color=ORANGE, linewidth=1.2, linestyle=_DASHES, label="what was asked for")
    if found.certificate is not None:
        axis.axvspan(found.certificate.threshold, 1.0, color=BLUE, alpha=0.08, linewidth=0, label="certified")
    _scale(axis, found, risk)
    set_title(axis, _heading(found))
    axis.set_xlim(0.0, 1.0)
    hide_spines(axis)
    if request.loss is Loss.HARM:
        axis.set_ylabel("Share harmed", color=INK)
        percent_axis(axis, "y")
    else:
        axis.set_ylabel(f"{currency} lost per act", color=INK)


def _scale(axis: Axes, found: CertificationResult, risk: np.ndarray) -> None:
    """Bounds of few customers are huge; what was asked for and what was seen must stay in sight."""
    most = max(3.0 * found.request.alpha, 1.6 * float(risk.max(initial=0.0)), 1e-3)
    axis.set_ylim(min(0.0, 1.1 * float(risk.min(initial=0.0))), most)


def _heading(found: CertificationResult) -> str:
    if found.certificate is None:
        return "Nothing can be certified"
    return f"From {found.certificate.threshold:.0%} on: {found.certificate.promise}"
