import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from training.errors import TrainingError
from training.model.calibration import LEAST_SLOPE, Calibration, fit_calibration, probability


def drawn(rows: int, seed: int, slope: float = 1.0, intercept: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    margin = generator.normal(-2.0, 1.2, rows)
    return margin, generator.random(rows) < 1.0 / (1.0 + np.exp(-(slope * margin + intercept)))


def platt(margin: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Platt's targets as weights of doubled rows, which scikit-learn's unpenalised regression can take."""
    positives, negatives = label.sum(), (~label).sum()
    target = np.where(label, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    rows = np.concatenate([margin, margin])[:, None]
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    model.fit(rows, np.repeat([1, 0], len(margin)), sample_weight=np.concatenate([target, 1 - target]))
    return float(model.coef_[0, 0]), float(model.intercept_[0])


@pytest.mark.parametrize("seed", range(4))
def test_the_line_is_the_one_that_scikit_learn_finds(seed: int) -> None:
    margin, label = drawn(800, seed, slope=0.7, intercept=0.4)
    line = fit_calibration(margin, label)
    assert (line.slope, line.intercept) == pytest.approx(platt(margin, label), abs=1e-4)


def test_a_distorted_margin_is_put_right() -> None:
    margin, label = drawn(60_000, 5, slope=1.6, intercept=-0.5)
    line = fit_calibration(margin, label)
    assert (line.slope, line.intercept) == pytest.approx((1.6, -0.5), abs=0.1)


def test_calibrating_lowers_the_brier_score_of_other_rows() -> None:
    line = fit_calibration(*drawn(5_000, 1, slope=0.5))
    margin, label = drawn(5_000, 2, slope=0.5)
    after, before = line.probability(margin), probability(margin)
    assert np.mean((after - label) ** 2) < np.mean((before - label) ** 2)


def test_turning_margins_and_labels_around_turns_the_line_around() -> None:
    margin, label = drawn(2_000, 3)
    line, turned = fit_calibration(margin, label), fit_calibration(-margin, ~label)
    assert (turned.slope, turned.intercept) == pytest.approx((line.slope, -line.intercept), abs=1e-6)


def test_a_margin_that_points_the_wrong_way_becomes_almost_flat_and_keeps_the_rate() -> None:
    margin, label = drawn(4_000, 4, slope=-1.0, intercept=-4.0)
    line = fit_calibration(margin, label)
    assert line.slope == LEAST_SLOPE
    assert line.probability(margin).mean() == pytest.approx(label.mean(), abs=2e-3)


@pytest.mark.parametrize(
    "label",
    [np.zeros(50, dtype=bool), np.ones(50, dtype=bool), np.arange(50) >= 25],
    ids=["never happened", "always happened", "perfectly separated"],
)
def test_few_or_one_sided_rows_give_a_finite_line(label: np.ndarray) -> None:
    line = fit_calibration(np.linspace(-1.0, 1.0, 50), label)
    assert line.slope > 0.0
    assert np.isfinite([line.slope, line.intercept]).all()
    assert abs(line.probability(np.zeros(1))[0] - label.mean()) < 0.03


def test_no_rows_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"no rows are left to calibrate on.*give more contacts"):
        fit_calibration(np.empty(0), np.empty(0, dtype=bool))


@given(
    st.floats(LEAST_SLOPE, 50.0),
    st.floats(-50.0, 50.0),
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20),
)
def test_probabilities_stay_inside_and_never_change_the_order(
    slope: float, intercept: float, margins: list[float]
) -> None:
    served = Calibration(slope, intercept).probability(np.sort(np.array(margins)))
    assert ((served > 0.0) & (served < 1.0)).all()
    assert (np.diff(served) >= 0.0).all()


def test_a_calibration_comes_back_from_its_stored_form() -> None:
    line = Calibration(0.1 + 0.2, -1.0 / 3.0)
    assert Calibration.from_dict(line.to_dict()) == line
