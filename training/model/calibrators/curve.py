"""A strictly increasing, piecewise linear map from the booster's margin to calibrated log-odds.

It has no flat parts, so candidates with different margins keep different scores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError

# A slope of 0 or less would change the booster's ranking. Where the data suggest one, the booster learned noise, and an
# almost flat curve is right.
MIN_SLOPE = 0.01
# A steeper slope is a step function: 0.01 of margin should not change log-odds by more than 1.
MAX_SLOPE = 100.0
# Between closer knots the slope is dominated by rounding errors.
MIN_GAP = 1e-6
_ROUNDING = 1e-3


@njit(nogil=True, cache=True)
def interpolate(margin: float, xs: Floats, ys: Floats) -> float:
    """Linear interpolation between the knots (xs, ys) at one margin, linear extrapolation beyond them.

    Never decreasing in `margin`, even by rounding.

    Parameters
    ----------
    margin : float
    xs, ys : array of float, shape (knots,)
        Strictly increasing, at least two.
    """
    index = _segment(margin, xs)
    rise = (ys[index + 1] - ys[index]) / (xs[index + 1] - xs[index])
    value = ys[index] + rise * (margin - xs[index])
    if margin <= xs[index + 1] and value > ys[index + 1]:
        value = ys[index + 1]
    return value  # type: ignore[no-any-return]


@njit(nogil=True, cache=True)
def slope_at(margin: float, xs: Floats, ys: Floats) -> float:
    """Slope of the curve at one margin; at a knot that of the segment to its right."""
    index = _segment(margin, xs)
    return (ys[index + 1] - ys[index]) / (xs[index + 1] - xs[index])  # type: ignore[no-any-return]


@njit(nogil=True, cache=True)
def _segment(margin: float, xs: Floats) -> int:
    """Index of the segment that contains the margin, by bisection."""
    low, high = 0, len(xs) - 2
    while low < high:
        middle = (low + high + 1) // 2
        if xs[middle] <= margin:
            low = middle
        else:
            high = middle - 1
    return low


@njit(nogil=True, cache=True)
def _all_along(margins: Floats, xs: Floats, ys: Floats) -> Floats:
    values = np.empty(len(margins))
    for row in range(len(margins)):
        values[row] = interpolate(margins[row], xs, ys)
    return values


@njit(nogil=True, cache=True)
def _all_rises(margins: Floats, xs: Floats, ys: Floats) -> Floats:
    values = np.empty(len(margins))
    for row in range(len(margins)):
        values[row] = slope_at(margins[row], xs, ys)
    return values


@dataclass(frozen=True, eq=False)
class Curve:
    """A strictly increasing piecewise linear curve, linear beyond its outer knots.

    Attributes
    ----------
    margin : array of float, shape (knots,)
        Strictly increasing, at least two.
    log_odds : array of float, shape (knots,)
        Calibrated log-odds at the knots. Every slope, also beyond the ends, lies between
        :data:`MIN_SLOPE` and :data:`MAX_SLOPE`.

    Raises
    ------
    TrainingError
        If the knots do not define such a curve.
    """

    margin: Floats
    log_odds: Floats

    def __post_init__(self) -> None:
        if self.margin.ndim != 1 or self.margin.shape != self.log_odds.shape or len(self.margin) < 2:
            shapes = f"{self.margin.shape} and {self.log_odds.shape}"
            raise TrainingError(
                "a calibration curve needs at least two knots, each with log-odds", field="curve", value=shapes
            )
        if not (np.isfinite(self.margin).all() and np.isfinite(self.log_odds).all()):
            raise TrainingError("a knot of the calibration curve is not finite", field="curve")
        self._refuse_decreasing()

    def _refuse_decreasing(self) -> None:
        steps = np.diff(self.margin)
        rises = np.diff(self.log_odds) / np.where(steps > 0.0, steps, np.nan)
        rising = (rises >= MIN_SLOPE * (1.0 - _ROUNDING)) & (rises <= MAX_SLOPE * (1.0 + _ROUNDING))
        if not rising.all():
            remedy = f"give knots with slopes between {MIN_SLOPE} and {MAX_SLOPE}"
            index = int(np.argmin(rising))
            raise TrainingError(
                "a calibration curve must increase", field=f"curve segment {index}", value=rises[index], remedy=remedy
            )

    def __call__(self, margin: Floats) -> Floats:
        """Calibrated log-odds, same shape as `margin`, bit-equal to :func:`interpolate` of each value."""
        return self._each(_all_along, margin)

    def slope(self, margin: Floats) -> Floats:
        """Slope at these margins, same shape; at a knot that of the segment to its right."""
        return self._each(_all_rises, margin)

    def rescaled(self, slope: float, intercept: float) -> "Curve":
        """The curve ``slope * self + intercept``, with slopes clipped to the bounds of a curve."""
        return monotone_curve(self.margin, slope * self.log_odds + intercept)

    def to_dict(self) -> dict[str, list[float]]:
        """JSON-ready form."""
        return {"margin": self.margin.tolist(), "log_odds": self.log_odds.tolist()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Sequence[float]]) -> "Curve":
        """The curve written by :meth:`to_dict`, bit-equal."""
        return cls(np.array(stored["margin"], dtype=np.float64), np.array(stored["log_odds"], dtype=np.float64))

    def _each(self, rule: Callable[[Floats, Floats, Floats], Floats], margin: Floats) -> Floats:
        flat = np.ascontiguousarray(margin, dtype=np.float64).reshape(-1)
        return rule(flat, self.margin, self.log_odds).reshape(np.shape(margin))


def straight_line(slope: float, intercept: float) -> Curve:
    """The line ``slope * margin + intercept`` as a curve of two knots.

    `slope` lies between :data:`MIN_SLOPE` and :data:`MAX_SLOPE`.
    """
    return Curve(np.array([0.0, 1.0]), np.array([intercept, slope + intercept]))


def monotone_curve(margin: Floats, log_odds: Floats) -> Curve:
    """A curve near points that may be flat, decreasing or too steep in places.

    Points within the bounds on slopes are kept. Elsewhere the curve is the mean of the lowest admissible curve above
    the points and the highest one below them, first for the lower and then for the upper bound (the mean of McShane's
    two extensions, Bulletin of the AMS 40, 1934). Points closer than :data:`MIN_GAP` to the previous one are dropped.

    Parameters
    ----------
    margin : array of float, shape (points,)
        Non-decreasing; at least two of them :data:`MIN_GAP` apart.
    log_odds : array of float, shape (points,)
    """
    xs, ys = _apart(margin, log_odds)
    flat, steep = MIN_SLOPE * xs, MAX_SLOPE * xs
    rising = flat + (_highest_so_far(ys - flat) + _lowest_to_come(ys - flat)) / 2.0
    gentle = steep + (_lowest_so_far(rising - steep) + _highest_to_come(rising - steep)) / 2.0
    return Curve(xs, gentle)


def _apart(margin: Floats, log_odds: Floats) -> tuple[Floats, Floats]:
    kept = [0]
    for index in range(1, len(margin)):
        if margin[index] - margin[kept[-1]] >= MIN_GAP:
            kept.append(index)
    return margin[kept], log_odds[kept]


def _highest_so_far(values: Floats) -> Floats:
    return np.maximum.accumulate(values)


def _lowest_so_far(values: Floats) -> Floats:
    return np.minimum.accumulate(values)


def _highest_to_come(values: Floats) -> Floats:
    return np.maximum.accumulate(values[::-1])[::-1]


def _lowest_to_come(values: Floats) -> Floats:
    return np.minimum.accumulate(values[::-1])[::-1]
