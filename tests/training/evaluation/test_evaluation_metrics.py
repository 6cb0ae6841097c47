import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from heed.training.evaluation.metrics.bins import bin_indices, equal_mass_bins, wilson_interval
from heed.training.evaluation.metrics.probability_scores import (
    calibration_error,
    calibration_error_by_chance,
    calibration_line,
    compute_metrics,
    log_losses,
)


def said(rows: int, seed: int, truth_slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Stated probabilities, and labels of a truth whose log-odds are `truth_slope` times the stated ones."""
    generator = np.random.default_rng(seed)
    log_odds = generator.normal(-1.5, 1.0, rows)
    true = 1.0 / (1.0 + np.exp(-truth_slope * log_odds))
    return 1.0 / (1.0 + np.exp(-log_odds)), generator.random(rows) < true


def test_metrics_are_those_of_scikit_learn() -> None:
    propensity, label = said(2_000, 0)
    found = compute_metrics(propensity, label, base_rate=0.2)
    assert found.log_loss == pytest.approx(log_loss(label, propensity))
    assert found.brier == pytest.approx(brier_score_loss(label, propensity))
    assert found.auc == pytest.approx(roc_auc_score(label, propensity))
    assert found.base_log_loss == pytest.approx(log_loss(label, np.full(2_000, 0.2)))
    assert log_losses(propensity, label).mean() == pytest.approx(found.log_loss)


def test_the_calibration_line_is_scikit_learns_unpenalised_regression() -> None:
    propensity, label = said(3_000, 1, truth_slope=0.7)
    slope, error, intercept = calibration_line(propensity, label)
    stated = np.log(propensity / (1 - propensity))[:, None]
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(stated, label)
    assert (slope, intercept) == pytest.approx((oracle.coef_[0, 0], oracle.intercept_[0]), abs=1e-4)
    assert abs(slope - 0.7) < 3 * error


def test_the_error_of_the_slope_is_how_much_it_varies() -> None:
    found = [calibration_line(*said(1_500, seed)) for seed in range(60)]
    assert np.std([slope for slope, *_ in found]) == pytest.approx(np.mean([error for _, error, _ in found]), rel=0.3)


@pytest.mark.parametrize("label", [np.zeros(30, bool), np.ones(30, bool)], ids=["never", "always"])
def test_rows_of_one_class_tell_neither_slope_nor_auc(label: np.ndarray) -> None:
    found = compute_metrics(np.linspace(0.1, 0.3, 30), label, 0.2)
    assert (found.slope, found.slope_error, found.auc) == (1.0, float("inf"), None)


@pytest.mark.parametrize(
    "label",
    [np.arange(60) >= 30, np.arange(60) >= 51],
    ids=["perfectly separated", "nine outcomes"],
)
def test_rows_that_no_finite_or_few_that_any_slope_fits_tell_none(label: np.ndarray) -> None:
    assert calibration_line(np.linspace(0.01, 0.99, 60), label) == (1.0, float("inf"), 0.0)


def test_true_probabilities_show_almost_no_calibration_error_and_less_with_more_rows() -> None:
    few, many = (np.mean([calibration_error(*said(rows, seed)) for seed in range(20)]) for rows in (500, 20_000))
    assert many < few
    assert many < 0.004


def test_the_debiased_error_finds_the_true_one_where_the_plain_one_is_too_high() -> None:
    propensity = np.full(300, 0.2)
    found, plain = [], []
    for seed in range(400):
        label = np.random.default_rng(seed).random(300) < 0.25
        place = np.arange(300) % 15
        shaken = propensity + place * 1e-9
        found.append(calibration_error(shaken, label) ** 2)
        plain.append(np.mean([(label[place == one].mean() - 0.2) ** 2 for one in range(15)]))
    assert np.sqrt(np.mean(plain)) > 0.10
    assert np.sqrt(np.mean(found)) == pytest.approx(0.05, abs=0.03)


def test_a_shift_of_every_probability_is_the_calibration_error() -> None:
    propensity, label = said(200_000, 3)
    assert calibration_error(np.clip(propensity + 0.05, 0, 0.999), label) == pytest.approx(0.05, abs=0.004)


def test_what_chance_shows_is_seldom_exceeded_by_true_probabilities() -> None:
    exceeded = []
    for seed in range(60):
        propensity, label = said(800, seed)
        exceeded.append(calibration_error(propensity, label) > calibration_error_by_chance(propensity, 0.9, seed=1))
    assert 0.0 < np.mean(exceeded) < 0.25


def test_bins_are_those_of_scikit_learn_where_no_probabilities_are_equal() -> None:
    propensity, label = said(1_000, 4)
    rate, stated = calibration_curve(label, propensity, n_bins=10, strategy="quantile")
    grouped = equal_mass_bins(propensity, label, 10)
    assert grouped.rate == pytest.approx(rate, abs=0.011)
    assert grouped.stated == pytest.approx(stated, abs=0.011)
    assert grouped.count.sum() == 1_000


@given(st.lists(st.sampled_from([0.1, 0.2, 0.20001, 0.5]), min_size=1, max_size=60), st.integers(1, 12))
def test_equal_probabilities_share_a_bin_and_bins_rise(propensity: list[float], bins: int) -> None:
    stated = np.array(propensity)
    place = bin_indices(stated, bins)
    assert set(place) == set(range(place.max() + 1))
    assert place.max() < bins
    for value in np.unique(stated):
        assert len(set(place[stated == value])) == 1
    order = np.argsort(stated, kind="stable")
    assert (np.diff(place[order]) >= 0).all()


@given(st.integers(1, 500), st.floats(0.0, 1.0))
def test_wilsons_interval_is_that_of_scipy(count: int, share: float) -> None:
    happened = round(share * count)
    low, high = wilson_interval(np.array([float(happened)]), np.array([count]))
    oracle = binomtest(happened, count).proportion_ci(confidence_level=0.95, method="wilson")
    assert (low[0], high[0]) == pytest.approx((oracle.low, oracle.high), abs=1e-9)


def test_the_order_of_the_rows_changes_no_metric() -> None:
    propensity, label = said(700, 6)
    turned = np.random.default_rng(0).permutation(700)
    first, again = compute_metrics(propensity, label, 0.2), compute_metrics(propensity[turned], label[turned], 0.2)
    assert first.calibration_error == pytest.approx(again.calibration_error)
    assert (first.log_loss, first.auc, first.slope) == pytest.approx((again.log_loss, again.auc, again.slope))
