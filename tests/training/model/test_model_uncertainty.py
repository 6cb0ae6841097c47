from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import norm

from heed.training.model.log_odds import probability
from heed.training.model.parametric_bootstrap import bootstrap_scale, draw_bootstrap_sample
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.scoring_kernel import gram_matrix
from heed.training.model.split import Part
from heed.training.model.train_head import train_head
from heed.training.model.uncertainty import DRAWS, PRIOR_PRECISION, coverage_scale, fit_posterior, highest_density_reach
from tests.support.small_model import SCHEMA, SETTINGS, halves, noise, prepared, trained_heads


def leaves_of(rows: int, trees: int, leaves: int, seed: int) -> np.ndarray:
    chosen = np.random.default_rng(seed).integers(0, leaves, (rows, trees))
    return (chosen + leaves * np.arange(trees)).astype(np.int32)


def one_hot(places: np.ndarray, size: int) -> np.ndarray:
    matrix = np.zeros((len(places), size))
    np.put_along_axis(matrix, places.astype(int), 1.0, axis=1)
    return matrix


def test_the_gram_matrix_is_that_of_the_one_hot_rows() -> None:
    places = leaves_of(300, 5, 4, seed=0)
    weight = np.random.default_rng(1).random(300).astype(np.float32)
    dense = one_hot(places, 20)
    expected = dense.T @ (dense * weight[:, None])
    assert np.tril(gram_matrix(places, weight, 20)) == pytest.approx(np.tril(expected), abs=1e-4)


def test_the_spread_is_that_of_the_exact_posterior_up_to_sampling() -> None:
    places = leaves_of(2_000, 6, 5, seed=2)
    margin = np.random.default_rng(3).normal(-1.0, 1.0, 2_000)
    p = 1.0 / (1.0 + np.exp(-margin))
    dense = one_hot(places, 30)
    precision = dense.T @ (dense * (p * (1 - p))[:, None]) + PRIOR_PRECISION * np.eye(30)
    exact = np.sqrt(np.einsum("ij,jk,ik->i", dense, np.linalg.inv(precision), dense))
    ratio = fit_posterior(places, margin, 30, seed=4).spread(places) / exact
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)
    assert ratio.std() < 2.0 / np.sqrt(2 * DRAWS)


@given(st.floats(0.0, 6.0), st.floats(0.5, 0.99))
def test_both_sides_of_the_shortest_interval_together_hold_the_level(skew: float, level: float) -> None:
    (far,) = highest_density_reach(np.array([skew]), level)
    assert norm.cdf(far) - norm.cdf(-(far - 2.0 * skew)) == pytest.approx(level, abs=1e-9)


def test_without_skew_both_sides_reach_as_far() -> None:
    assert highest_density_reach(np.zeros(1), 0.9)[0] == norm.ppf(0.95)


@pytest.mark.parametrize(
    ("stated", "spread"),
    [(0.002, 0.5), (0.01, 0.8), (0.05, 0.8), (0.05, 1.5), (0.2, 0.8), (0.6, 0.7)],
)
def test_no_interval_of_the_level_is_shorter_by_more_than_a_hundredth(stated: float, spread: float) -> None:
    middle = logit(stated) - 0.5 * spread**2 * (1.0 - 2.0 * stated)
    skew = spread * (1.0 - 2.0 * stated)
    (far,) = highest_density_reach(np.array([abs(skew)]), 0.9)
    low, high = (far, far - 2.0 * abs(skew)) if skew > 0.0 else (far - 2.0 * abs(skew), far)

    def width(tail: float) -> float:
        ends = middle + spread * norm.ppf([tail, tail + 0.9])
        return float(np.diff(expit(ends))[0])

    best = minimize_scalar(width, bounds=(1e-9, 0.1 - 1e-9), method="bounded").fun
    found = float(expit(middle + high * spread) - expit(middle - low * spread))
    assert best - 1e-9 <= found < 1.01 * best
    assert found <= width(0.05) + 1e-12


def test_served_intervals_are_the_shortest_where_the_model_says_so_and_have_equal_tails_where_not() -> None:
    head, matrix = trained_heads().head, prepared().samples[Part.TEST].matrix[:300]
    equal = replace(head, posterior=replace(head.posterior, shortest=False))
    (_, stated, low, high, _), (_, same, lower, higher, _) = (
        one.serve_action(matrix, "", None, None) for one in (head, equal)
    )
    np.testing.assert_array_equal(stated, same)
    middle = 0.5 * (logit(lower) + logit(higher))
    spread = (logit(higher) - middle) / norm.ppf(0.95)
    mass = norm.cdf((logit(high) - middle) / spread) - norm.cdf((logit(low) - middle) / spread)
    np.testing.assert_allclose(mass, 0.9, atol=2e-4)
    assert (high - low < higher - lower).all()
    assert ((low < lower) == (stated < 0.5)).all()


def test_more_rows_leave_less_to_doubt() -> None:
    places = leaves_of(4_000, 6, 5, seed=5)
    few, many = (fit_posterior(places[:rows], np.zeros(rows), 30, seed=0).spread(places) for rows in (400, 4_000))
    assert (many < few).mean() > 0.95


def test_the_same_seed_draws_the_same_and_another_seed_does_not() -> None:
    places, margin = leaves_of(500, 4, 4, seed=6), np.zeros(500)
    first, again, other = (fit_posterior(places, margin, 16, seed).deviations for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.floats(0.6, 4.0))
def test_stretched_intervals_cover_the_errors_at_their_level(seed: int, off_by: float) -> None:
    spread = np.random.default_rng(seed).uniform(0.1, 1.0, 2_000)
    error = off_by * spread * np.random.default_rng(seed + 1).normal(size=2_000)
    reach = coverage_scale(error, spread, np.zeros(2_000), 0.9) * norm.ppf(0.95) * spread
    assert np.mean(np.abs(error) <= reach) == pytest.approx(0.9, abs=0.002)


@pytest.mark.parametrize(("error", "bound"), [(1e6, 5.0), (0.0, 0.5)], ids=["huge errors", "no error"])
def test_the_scale_is_bounded(error: float, bound: float) -> None:
    assert coverage_scale(np.full(10, error), np.ones(10), np.zeros(10)) == bound


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.floats(0.1, 1.0))
def test_what_stays_beside_the_spread_need_not_be_stretched_for(seed: int, other: float) -> None:
    generator = np.random.default_rng(seed)
    spread = generator.uniform(0.1, 1.0, 2_000)
    error = np.hypot(1.5 * spread, other) * generator.normal(size=2_000)
    scale = coverage_scale(error, spread, np.full(2_000, other), 0.9)
    reach = norm.ppf(0.95) * np.hypot(scale * spread, other)
    assert np.mean(np.abs(error) <= reach) == pytest.approx(0.9, abs=0.002) or scale == 0.5


def test_stretching_multiplies_every_spread() -> None:
    places = trained_heads().head.trees.leaf_indices(prepared().samples[Part.TEST].matrix[:100])
    wider = trained_heads().head.rescaled(2.0).posterior
    assert wider.spread(places) == pytest.approx(2.0 * trained_heads().head.posterior.spread(places), rel=1e-5)
    assert wider.scale == 2.0


def test_a_rehearsal_keeps_the_rows() -> None:
    sample = prepared().samples[Part.FIT]
    rehearsal = draw_bootstrap_sample(sample, trained_heads().head, seed=3)
    assert rehearsal.sample.matrix is sample.matrix
    assert len(rehearsal.truth) == len(sample)
    assert (rehearsal.sample.label != sample.label).any()


def test_a_rehearsal_draws_outcomes_at_the_rate_of_its_truth() -> None:
    rehearsal = draw_bootstrap_sample(prepared().samples[Part.FIT], trained_heads().head, seed=3)
    truth = probability(rehearsal.truth)
    error = np.sqrt(np.mean(truth * (1 - truth)) / len(truth))
    assert rehearsal.sample.label.mean() == pytest.approx(truth.mean(), abs=4 * error)


@pytest.mark.slow
@pytest.mark.parametrize("base", [-1.5, -2.5], ids=["common outcome", "rare outcome"])
def test_nominal_90_percent_intervals_cover_a_known_truth_about_as_often_or_more(base: float) -> None:
    # The rehearsal is of a single booster, and the mean of several errs less than that where the truth is smooth.
    assert 0.86 < np.mean([covered(*stretched_on(seed, base)) for seed in range(4)]) < 0.99


def stretched_on(seed: int, base: float) -> tuple[ProbabilityHead, np.ndarray, np.ndarray]:
    known = noise(6_000, seed, base)
    first, second = halves(known.sample)
    head = train_head(first, SCHEMA, SETTINGS, seed=0).head
    scale = bootstrap_scale(draw_bootstrap_sample(first, head, 0), SCHEMA, SETTINGS, 0)
    return head.rescaled(scale), second.matrix, known.truth[-len(second) :]


def covered(head: ProbabilityHead, matrix: np.ndarray, truth: np.ndarray) -> float:
    low, high = head.serve_action(matrix, "mail", "email", "news")[2:4]
    return float(np.mean((low <= probability(truth)) & (probability(truth) <= high)))
