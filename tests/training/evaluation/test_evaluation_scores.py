"""Scores of probabilities and intervals, each against a hand computation, scikit-learn or a published definition."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from heed.training.evaluation.metrics.brier_decomposition import decompose
from heed.training.evaluation.metrics.choice_regret import compare_with_truth
from heed.training.evaluation.metrics.interval_coverage import (
    coverage,
    coverage_by_decile,
    coverage_by_group,
    interval_agreement,
)
from heed.training.evaluation.metrics.lift import average_ties, lift_deciles
from heed.training.evaluation.metrics.probability_scores import compute_metrics
from heed.training.evaluation.metrics.risk_coverage import confidence_bins, risk_coverage

# Ten forecasts of rain at each of three probabilities, of which 1, 4 and 9 came true.
FORECAST = np.repeat([0.2, 0.5, 0.8], 10)
RAIN = np.concatenate([np.arange(10) < happened for happened in (1, 4, 9)])


def drawn(rows: int = 2_000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    propensity = generator.beta(2.0, 10.0, rows)
    return propensity, generator.random(rows) < propensity


def test_average_precision_is_scikit_learns() -> None:
    propensity, label = drawn()
    assert compute_metrics(propensity, label, 0.2).average_precision == average_precision_score(label, propensity)


def test_the_decomposition_is_murphys_where_few_probabilities_are_stated() -> None:
    found = decompose(FORECAST, RAIN)
    rates, base = np.array([0.1, 0.4, 0.9]), 14 / 30
    assert found.reliability == pytest.approx(np.mean((np.array([0.2, 0.5, 0.8]) - rates) ** 2))
    assert found.resolution == pytest.approx(np.mean((rates - base) ** 2))
    assert found.uncertainty == pytest.approx(base * (1 - base))
    assert found.skill == pytest.approx(1 - found.brier / found.uncertainty)


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=1, max_size=60))
@example([(0.5, False), (0.99, False), (0.9899999999999999, False)])
def test_the_three_parts_add_up_to_the_brier_score(rows: list[tuple[float, bool]]) -> None:
    propensity, label = (np.array(column) for column in zip(*rows, strict=True))
    found = decompose(propensity, label)
    assert found.brier == pytest.approx(np.mean((propensity - label) ** 2))
    assert found.reliability - found.resolution + found.uncertainty == pytest.approx(found.brier)
    assert found.reliability > -1e-12
    assert found.resolution > -1e-12


def test_a_common_shift_costs_reliability_and_leaves_resolution() -> None:
    propensity, label = drawn()
    true, shifted = decompose(propensity, label), decompose(np.minimum(propensity + 0.1, 0.99), label)
    assert shifted.resolution == pytest.approx(true.resolution)
    assert shifted.reliability - true.reliability == pytest.approx(0.01, abs=0.005)


def test_certain_outcomes_leave_nothing_to_explain() -> None:
    assert decompose(np.array([0.2, 0.4]), np.array([False, False])).skill is None


def test_tenths_show_lift_and_gain() -> None:
    label = np.array([True, True, False, True, False, False, False, False, False, False])
    found = lift_deciles(np.linspace(0.9, 0.1, 10), label, count=5)
    assert [one.rate for one in found] == [1.0, 0.5, 0.0, 0.0, 0.0]
    assert found[0].lift == pytest.approx(1.0 / 0.3)
    assert [one.gain for one in found] == pytest.approx([2 / 3, 1.0, 1.0, 1.0, 1.0])
    assert [one.rows for one in found] == [2] * 5


def test_rows_of_equal_probability_show_no_lift_whatever_their_order() -> None:
    label = np.arange(100) < 10
    assert [one.lift for one in lift_deciles(np.full(100, 0.1), label)] == pytest.approx([1.0] * 10)


def test_without_outcomes_there_is_nothing_to_find() -> None:
    assert lift_deciles(np.array([0.1, 0.2]), np.zeros(2, dtype=bool)) == ()


def test_equal_scores_share_their_mean() -> None:
    assert average_ties(np.array([1.0, 2.0, 1.0]), np.array([0.0, 5.0, 4.0])).tolist() == [2.0, 5.0, 2.0]


def test_coverage_is_the_share_of_intervals_that_hold_the_truth() -> None:
    low, high = np.array([0.0, 0.1, 0.2, 0.3]), np.array([0.1, 0.2, 0.3, 0.5])
    found = coverage(low, high, np.array([0.05, 0.2, 0.31, 0.4]))
    assert found.share == 0.75
    assert found.low < 0.75 < found.high
    assert found.width == pytest.approx(0.125)


def test_coverage_by_group_and_by_tenth_takes_the_rows_apart() -> None:
    low, truth = np.zeros(100), np.linspace(0.0, 1.0, 100)
    high = np.where(np.arange(100) < 50, 1.0, 0.1)
    groups = {one.group: one.share for one in coverage_by_group(low, high, truth, np.repeat(["a", "b"], 50))}
    assert groups == {"a": 1.0, "b": 0.0}
    assert [one.share for one in coverage_by_decile(low, high, truth, truth)] == [1.0] * 5 + [0.0] * 5


def test_intervals_of_the_right_width_cover_at_their_level() -> None:
    generator = np.random.default_rng(1)
    truth, error = generator.normal(size=20_000), generator.normal(size=20_000)
    found = coverage(truth + error - 1.645, truth + error + 1.645, truth)
    assert found.low < 0.90 < found.high


def test_bands_are_met_by_true_probabilities_and_missed_by_shifted_ones() -> None:
    propensity, label = drawn(20_000)
    true = interval_agreement(propensity, propensity - 0.01, propensity + 0.01, label)
    shifted = interval_agreement(propensity + 0.1, propensity + 0.09, propensity + 0.11, label)
    assert (true.met, true.count, true.missed) == (10, 10, ())
    assert shifted.met == 0
    assert shifted.missed == tuple(range(10))


def test_the_risk_coverage_curve_is_its_definition() -> None:
    found = risk_coverage(np.array([0.9, 0.5, 0.7, 0.1]), np.array([0.0, 2.0, 1.0, 1.0]))
    assert found.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert found.risk == pytest.approx([0.0, 0.5, 1.0, 1.0])
    assert found.ideal == pytest.approx([0.0, 0.5, 2 / 3, 1.0])
    assert (found.area, found.ideal_area, found.by_chance) == pytest.approx((0.625, 13 / 24, 1.0))
    assert found.captured == pytest.approx((1.0 - 0.625) / (1.0 - 13 / 24))


def test_confidence_that_knows_nothing_captures_nothing_and_the_ideal_everything() -> None:
    loss = np.random.default_rng(2).exponential(size=500)
    assert risk_coverage(np.full(500, 0.5), loss).captured == pytest.approx(0.0)
    assert risk_coverage(-loss, loss).captured == pytest.approx(1.0)
    assert risk_coverage(loss, np.ones(500)).captured is None


def test_choices_are_held_against_the_truth() -> None:
    truth = np.array([[1.0, 3.0], [2.0, -np.inf], [-1.0, -2.0], [-1.0, 0.5]])
    found = compare_with_truth(truth, np.array([1, -1, -1, 0]), np.array([0.9, 0.5, 0.8, 0.2]), tolerance=0.1)
    assert found.regret.tolist() == [0.0, 2.0, 0.0, 1.5]
    assert found.good.tolist() == [True, False, True, False]
    assert found.curve.captured == pytest.approx(risk_coverage(np.array([9, 5, 8, 2]), found.regret).captured)


def test_confidence_bins_hold_at_least_so_many_decisions() -> None:
    confidence = np.random.default_rng(3).random(2_300)
    found = confidence_bins(confidence, np.random.default_rng(4).random(2_300) < confidence)
    assert len(found.count) == 4
    assert found.count.min() >= 500
    assert found.stated == pytest.approx(found.rate, abs=0.06)
