import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.training.errors import TrainingError
from heed.training.model.calibrators.curve import (
    MAX_SLOPE,
    MIN_SLOPE,
    Curve,
    interpolate,
    monotone_curve,
    slope_at,
    straight_line,
)

KINKED = Curve(np.array([-3.0, -1.0, 2.0]), np.array([-4.0, -3.5, 1.0]))
POINTS = st.lists(st.floats(-40.0, 40.0), min_size=2, max_size=40)


def test_knots_are_met_and_joined_by_straight_lines() -> None:
    assert KINKED(np.array([-3.0, -2.0, -1.0, 0.5, 2.0])) == pytest.approx([-4.0, -3.75, -3.5, -1.25, 1.0])


def test_beyond_the_ends_the_curve_goes_on_as_straight_as_it_was() -> None:
    assert KINKED(np.array([-7.0, 4.0])) == pytest.approx([-5.0, 4.0])


def test_the_slope_at_a_knot_is_that_of_the_segment_to_its_right() -> None:
    assert KINKED.slope(np.array([-9.0, -3.0, -1.0, 0.0, 9.0])) == pytest.approx([0.25, 0.25, 1.5, 1.5, 1.5])


def test_a_straight_line_has_two_knots_and_is_one_everywhere() -> None:
    margin = np.linspace(-50.0, 50.0, 101)
    straight = straight_line(0.7, -0.4)
    assert len(straight.margin) == 2
    assert straight(margin) == pytest.approx(0.7 * margin - 0.4, abs=1e-12)


@settings(deadline=None)
@given(POINTS, st.integers(0, 2**32 - 1))
def test_one_by_one_and_all_at_once_are_equal_to_the_last_bit(heights: list[float], seed: int) -> None:
    curve = monotone_curve(np.arange(len(heights)) * 0.37, np.array(heights))
    margins = np.random.default_rng(seed).normal(0.0, 20.0, 50)
    assert curve(margins).tolist() == [interpolate(one, curve.margin, curve.log_odds) for one in margins]
    assert curve.slope(margins).tolist() == [slope_at(one, curve.margin, curve.log_odds) for one in margins]


@settings(deadline=None)
@given(POINTS, st.lists(st.floats(1e-7, 5.0), min_size=40, max_size=40))
def test_a_curve_through_any_points_rises_within_its_bounds(heights: list[float], gaps: list[float]) -> None:
    xs = np.concatenate([np.cumsum(gaps[: len(heights) - 1]), [sum(gaps)]])
    curve = monotone_curve(xs, np.array(heights))
    rises = np.diff(curve.log_odds) / np.diff(curve.margin)
    assert rises.min() >= MIN_SLOPE * (1.0 - 1e-3)
    assert rises.max() <= MAX_SLOPE * (1.0 + 1e-3)


@settings(deadline=None)
@given(POINTS, st.integers(0, 2**32 - 1))
def test_a_greater_margin_always_means_greater_log_odds(heights: list[float], seed: int) -> None:
    curve = monotone_curve(np.arange(len(heights)) * 0.5, np.array(heights))
    margins = np.unique(np.round(np.random.default_rng(seed).normal(5.0, 20.0, 500), 6))
    assert (np.diff(curve(margins)) > 0.0).all()


def test_the_curve_never_falls_between_neighbouring_numbers_around_a_knot() -> None:
    generator = np.random.default_rng(0)
    for _ in range(2000):
        # A long segment that ends near 0: there the rounding of its length shows most.
        start, length = generator.normal(0.0, 3.0), 0.5 + generator.random()
        xs = start + np.array([0.0, length, length + 1.0])
        curve = Curve(xs, np.array([-10.0 * generator.random() - 1.0, 0.01 * generator.random(), 1.0]))
        near = np.array([np.nextafter(xs[1], -np.inf), xs[1], np.nextafter(xs[1], np.inf)])
        assert (np.diff(curve(near)) >= 0.0).all()


def test_points_that_rise_already_are_kept() -> None:
    xs, ys = np.array([-2.0, -1.0, 0.0, 3.0]), np.array([-3.0, -2.9, 1.0, 2.0])
    assert monotone_curve(xs, ys).log_odds == pytest.approx(ys, abs=1e-12)


def test_a_dip_is_replaced_by_the_mean_of_what_is_above_and_below_it() -> None:
    flattened = monotone_curve(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 2.0, 1.0, 3.0]))
    assert flattened.log_odds == pytest.approx([0.0, 1.495, 1.505, 3.0], abs=1e-9)


def test_stretching_scales_and_shifts_log_odds() -> None:
    margin = np.linspace(-5.0, 5.0, 11)
    assert KINKED.rescaled(0.5, 1.0)(margin) == pytest.approx(0.5 * KINKED(margin) + 1.0)


def test_a_curve_comes_back_from_its_stored_form_to_the_last_bit() -> None:
    curve = Curve(np.array([0.1 + 0.2, 1.0]), np.array([-1.0 / 3.0, 0.7]))
    again = Curve.from_dict(json.loads(json.dumps(curve.to_dict())))
    assert again.to_dict() == curve.to_dict()


@pytest.mark.parametrize(
    ("margin", "log_odds", "said"),
    [
        ([0.0], [1.0], r"at least two knots.*\(1,\) and \(1,\)"),
        ([0.0, 1.0], [1.0, 2.0, 3.0], r"at least two knots.*\(2,\) and \(3,\)"),
        ([0.0, 1.0], [1.0, np.nan], r"a knot of the calibration curve is not finite"),
        ([0.0, 1.0], [1.0, 0.5], r"must increase in `curve segment 0`: `-0.5`; give knots with slopes"),
        ([0.0, 1.0, 2.0], [1.0, 2.0, 2.0], r"must increase in `curve segment 1`: `0.0`"),
        ([0.0, 0.0], [1.0, 2.0], r"must increase in `curve segment 0`: `nan`"),
        ([0.0, 1.0], [0.0, 1000.0], r"must increase in `curve segment 0`: `1000.0`"),
    ],
    ids=["one knot", "a knot too many", "no number", "a falling segment", "a flat segment", "one place", "a step"],
)
def test_what_is_no_rising_curve_is_refused(margin: list[float], log_odds: list[float], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        Curve(np.array(margin), np.array(log_odds))
