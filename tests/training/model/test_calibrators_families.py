import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError
from heed.training.model.calibrators.beta import fit_beta
from heed.training.model.calibrators.curve import MAX_SLOPE, MIN_SLOPE
from heed.training.model.calibrators.families import FAMILIES, CalibrationFamily
from heed.training.model.calibrators.isotonic import fit_isotonic
from heed.training.model.calibrators.sigmoid import fit_sigmoid, platt_targets
from heed.training.model.calibrators.spline import fit_spline
from heed.training.model.log_odds import probability
from tests.support.calibration_data import bent, linear_sample

FITTED = [family for family in FAMILIES if family.name != "identity"]
every = pytest.mark.parametrize("family", FITTED, ids=lambda family: family.name)


def soft_regression(columns: Floats, target: Floats) -> Floats:
    """Scikit-learn's unpenalised coefficients, the intercept last, for targets between 0 and 1."""
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000)
    model.fit(
        np.concatenate([columns, columns]),
        np.repeat([1, 0], len(columns)),
        sample_weight=np.concatenate([target, 1.0 - target]),
    )
    return np.append(model.coef_[0], model.intercept_[0])


def test_platts_targets_lie_as_far_inside_as_the_class_is_small() -> None:
    label = np.array([True, False, True, True, False])
    assert platt_targets(label) == pytest.approx([4 / 5, 1 / 4, 4 / 5, 4 / 5, 1 / 4])


@pytest.mark.parametrize("seed", range(3))
def test_the_sigmoid_is_the_line_that_scikit_learn_finds(seed: int) -> None:
    margin, label = linear_sample(900, seed, slope=0.7, intercept=0.4)
    slope, intercept = soft_regression(margin[:, None], platt_targets(label))
    shown = np.linspace(-6.0, 4.0, 9)
    assert fit_sigmoid(margin, label)(shown) == pytest.approx(slope * shown + intercept, abs=2e-4)


@pytest.mark.parametrize("seed", range(3))
def test_beta_is_scikit_learns_regression_on_both_logarithms(seed: int) -> None:
    generator = np.random.default_rng(seed)
    margin = generator.normal(0.0, 1.5, 3000)
    low, high = -np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin)
    label = generator.random(3000) < expit(0.5 * low + 1.6 * high + 0.3)
    a, b, c = soft_regression(np.stack([low, high], axis=1), platt_targets(label))
    fitted = fit_beta(margin, label)(margin)
    assert fitted == pytest.approx(a * low + b * high + c, abs=5e-3)


def test_beta_leaves_out_a_coefficient_that_would_be_negative() -> None:
    generator = np.random.default_rng(0)
    margin = generator.normal(0.0, 2.0, 20_000)
    label = generator.random(20_000) < expit(1.5 * np.logaddexp(0.0, margin) + 0.4 * np.logaddexp(0.0, -margin) - 2.0)
    curve = fit_beta(margin, label)
    high = np.logaddexp(0.0, margin)
    b, c = soft_regression(high[:, None], platt_targets(label))
    shown = margin[margin > -2.0]
    assert curve(shown) == pytest.approx(b * np.logaddexp(0.0, shown) + c, abs=0.02)


def excess(log_odds: Floats, truth: Floats) -> float:
    """Expected log-loss above the truth's own, in nats a row."""
    p = expit(truth)
    lost = p * np.logaddexp(0.0, -log_odds) + (1.0 - p) * np.logaddexp(0.0, log_odds)
    return float(np.mean(lost - p * np.logaddexp(0.0, -truth) - (1.0 - p) * np.logaddexp(0.0, truth)))


@pytest.mark.parametrize("seed", range(3))
def test_the_spline_follows_a_bend_as_closely_as_scikit_learns(seed: int) -> None:
    generator = np.random.default_rng(seed)
    margin, shown = generator.normal(-2.0, 1.2, (2, 60_000))
    label = generator.random(60_000) < expit(bent(margin))
    reference = make_pipeline(
        SplineTransformer(n_knots=6, knots="quantile", extrapolation="linear"), LogisticRegression(C=10, max_iter=500)
    )
    theirs = logit(reference.fit(margin[:, None], label).predict_proba(shown[:, None])[:, 1])
    ours = fit_spline(margin, label)(shown)
    assert excess(ours, bent(shown)) < excess(theirs, bent(shown))
    assert excess(ours, bent(shown)) < 0.1 * excess(fit_sigmoid(margin, label)(shown), bent(shown))


def test_isotonic_is_scikit_learns_without_the_steps() -> None:
    generator = np.random.default_rng(2)
    margin = np.sort(generator.normal(-1.0, 1.2, 40_000))
    label = generator.random(40_000) < expit(bent(margin))
    theirs = IsotonicRegression(out_of_bounds="clip").fit(margin, label).predict(margin)
    ours = probability(fit_isotonic(margin, label)(margin))
    assert np.sqrt(np.mean((ours - theirs) ** 2)) < 0.01
    assert ours.mean() == pytest.approx(theirs.mean(), abs=2e-3)
    assert len(np.unique(theirs)) < 400
    assert (np.diff(ours)[np.diff(margin) > 1e-9] > 0.0).all()


def test_centred_blocks_say_less_on_other_rows_than_steps_get_wrong() -> None:
    generator = np.random.default_rng(3)
    margin = generator.normal(-1.0, 1.2, (2, 20_000))
    label = generator.random((2, 20_000)) < expit(bent(margin))
    steps = IsotonicRegression(y_min=1e-6, y_max=1.0 - 1e-6, out_of_bounds="clip").fit(margin[0], label[0])
    ours = probability(fit_isotonic(margin[0], label[0])(margin[1]))
    assert log_loss(label[1], ours) < log_loss(label[1], steps.predict(margin[1]))


@pytest.mark.parametrize("name", ["spline", "venn_abers", "isotonic"])
def test_a_bend_that_no_line_follows_is_followed(name: str) -> None:
    family = next(one for one in FAMILIES if one.name == name)
    generator = np.random.default_rng(4)
    margin = generator.normal(-2.0, 1.2, (2, 50_000))
    label = generator.random((2, 50_000)) < expit(bent(margin))
    free, straight = (probability(fit(margin[0], label[0])(margin[1])) for fit in (family.fit, fit_sigmoid))
    assert log_loss(label[1], free) < log_loss(label[1], straight) - 1e-3


@every
def test_a_straight_truth_is_found(family: CalibrationFamily) -> None:
    margin, label = linear_sample(60_000, 5, slope=0.6, intercept=-0.5)
    told = family.fit(margin, label)
    body = np.quantile(margin, [0.1, 0.3, 0.5, 0.7, 0.9])
    assert told(body) == pytest.approx(0.6 * body - 0.5, abs=0.15)


@every
def test_the_mean_probability_is_the_rate(family: CalibrationFamily) -> None:
    margin, label = linear_sample(20_000, 6, slope=1.4, intercept=0.3)
    assert probability(family.fit(margin, label)(margin)).mean() == pytest.approx(label.mean(), abs=4e-3)


@every
def test_the_order_of_rows_changes_nothing(family: CalibrationFamily) -> None:
    margin, label = linear_sample(3_000, 7)
    order = np.random.default_rng(0).permutation(len(margin))
    again = family.fit(margin[order], label[order])(margin)
    assert again == pytest.approx(family.fit(margin, label)(margin), abs=1e-7)


@every
@pytest.mark.parametrize(
    ("margin", "label"),
    [
        (np.linspace(-1.0, 1.0, 50), np.zeros(50, dtype=bool)),
        (np.linspace(-1.0, 1.0, 50), np.ones(50, dtype=bool)),
        (np.linspace(-1.0, 1.0, 50), np.arange(50) >= 25),
        (np.linspace(-1.0, 1.0, 50), np.arange(50) < 25),
        (np.zeros(50), np.arange(50) < 10),
        (np.repeat([-1.0, 1.0], 25), np.arange(50) % 3 == 0),
        (np.array([0.3]), np.array([True])),
        (np.array([1e6, -1e6, 0.0]), np.array([True, False, False])),
        (np.linspace(0.0, 1e-9, 50), np.arange(50) >= 25),
        (np.linspace(20.0, 30.0, 50), np.arange(50) >= 25),
        (np.array([0.0, 5e-324, 1.0, 2.0]), np.array([False, True, False, True])),
    ],
    ids=[
        "never happened",
        "always happened",
        "perfectly separated",
        "separated the wrong way",
        "one margin",
        "two margins",
        "one row",
        "huge margins",
        "margins apart by rounding",
        "margins far from even",
        "margins apart by the least number there is",
    ],
)
def test_poor_rows_give_a_finite_rising_curve(family: CalibrationFamily, margin: Floats, label: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        curve = family.fit(margin, label)
    shown = probability(curve(np.concatenate([margin, np.linspace(-3.0, 3.0, 61)])))
    assert ((shown > 0.0) & (shown < 1.0)).all()
    rises = np.diff(curve.log_odds) / np.diff(curve.margin)
    assert ((rises > 0.99 * MIN_SLOPE) & (rises < 1.01 * MAX_SLOPE)).all()
    assert len(curve.margin) <= 128


@every
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(st.floats(-8.0, 8.0), st.booleans()), min_size=1, max_size=60))
def test_any_rows_give_probabilities_strictly_inside_and_in_the_order_of_margins(
    family: CalibrationFamily, rows: list[tuple[float, bool]]
) -> None:
    margin, label = np.array([one for one, _ in rows]), np.array([one for _, one in rows])
    told = probability(family.fit(margin, label)(np.linspace(-9.0, 9.0, 301)))
    assert ((told > 0.0) & (told < 1.0)).all()
    assert (np.diff(told) >= 0.0).all()


def test_a_margin_that_points_the_wrong_way_becomes_almost_flat_and_keeps_the_rate() -> None:
    margin, label = linear_sample(4_000, 8, slope=-1.0, intercept=-4.0)
    curve = fit_sigmoid(margin, label)
    assert curve.slope(np.zeros(1)) == pytest.approx([MIN_SLOPE])
    assert probability(curve(margin)).mean() == pytest.approx(label.mean(), abs=2e-3)


@pytest.mark.parametrize("place", [-300.0, -30.0, 0.0, 30.0, 300.0])
@pytest.mark.parametrize("spread", [0.0, 1e-3], ids=["all margins equal", "margins hardly apart"])
def test_margins_far_from_the_truth_are_brought_back_to_the_rate(place: float, spread: float) -> None:
    margin = place + spread * np.arange(500)
    label = np.arange(500) % 5 == 0
    assert probability(fit_sigmoid(margin, label)(margin)).mean() == pytest.approx(0.2, abs=2e-3)


@every
def test_no_rows_are_refused(family: CalibrationFamily) -> None:
    with pytest.raises(TrainingError, match=r"no rows are left to calibrate on.*give more contacts"):
        family.fit(np.empty(0), np.empty(0, dtype=bool))
