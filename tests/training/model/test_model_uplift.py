"""Uplift in logs whose truth is known: confounded by what no feature tells, with recorded propensities."""

import numpy as np
import pytest

from heed.training.model.calibrators.pooling_groups import encode_groups
from heed.training.model.log_odds import probability
from heed.training.model.sample import Sample
from heed.training.model.uplift_correction import UpliftCorrection, fit_uplift_correction
from tests.support.doubles import action

ROWS = 60_000


def confounded(seed: int, pull: float, effect: float = 0.08) -> tuple[Sample, np.ndarray, np.ndarray]:
    """A log that offers more often to those who respond anyway, and what a model without that knowledge says."""
    generator = np.random.default_rng(seed)
    eager = generator.random(ROWS) < 0.5
    offered = probability(np.where(eager, pull, -pull))
    held = generator.random(ROWS) >= offered
    truth = 0.10 + 0.20 * eager + effect * ~held
    label = generator.random(ROWS) < truth
    names = np.where(held, "hold", "mail").tolist()
    pooling_groups = encode_groups(names, [None] * ROWS, [None] * ROWS)
    logged = np.where(held, 1.0 - offered, offered)
    sample = Sample(np.zeros((ROWS, 1)), pooling_groups, label, np.arange(ROWS), logged, np.zeros(ROWS, dtype=np.int64))
    naive = np.where(held, label[held].mean(), label[~held].mean())
    other = np.where(held, label[~held].mean(), label[held].mean())
    return sample, naive, other


def served(line: UpliftCorrection, stated: float) -> float:
    return float(line.corrected([action("mail")], np.array([[stated]]))[0, 0])


def test_a_confounded_log_does_not_fool_the_uplift() -> None:
    sample, naive, other = confounded(seed=1, pull=1.0)
    stated = float(np.abs(naive - other)[0])
    line = fit_uplift_correction(sample, naive, other)
    assert stated > 0.15
    assert served(line, stated) == pytest.approx(0.08, abs=0.015)
    assert abs(served(line, stated) - 0.08) < 3.0 * line.error["mail"]


def test_without_recorded_propensities_the_line_says_so_and_leaves_the_difference() -> None:
    sample, naive, other = confounded(seed=1, pull=1.0)
    blind = Sample(
        sample.matrix,
        sample.pooling_groups,
        sample.label,
        sample.customer,
        np.full(ROWS, np.nan),
        np.zeros(ROWS, dtype=np.int64),
    )
    line = fit_uplift_correction(blind, naive, other)
    stated = float(np.abs(naive - other)[0])
    assert not line.propensities
    assert served(line, stated) == pytest.approx(stated, abs=0.01)


def test_the_stated_error_is_that_of_the_estimate() -> None:
    found = []
    for seed in range(12):
        sample, naive, other = confounded(seed, pull=0.7)
        line = fit_uplift_correction(sample, naive, other)
        found.append((served(line, float(np.abs(naive - other)[0])) - 0.08) / line.error["mail"])
    assert 0.5 < np.std(found) < 1.6


@pytest.mark.parametrize(("true", "low", "high"), [(1.0, 0.9, 1.1), (0.5, 0.4, 0.65), (1.6, 1.4, 1.75)])
def test_the_slope_says_how_much_of_the_stated_differences_is_real(true: float, low: float, high: float) -> None:
    generator = np.random.default_rng(3)
    stated = generator.uniform(0.0, 0.3, ROWS)
    held = generator.random(ROWS) < 0.5
    label = generator.random(ROWS) < 0.2 + ~held * (0.15 + true * (stated - 0.15))
    pooling_groups = encode_groups(np.where(held, "hold", "mail").tolist(), [None] * ROWS, [None] * ROWS)
    sample = Sample(
        np.zeros((ROWS, 1)), pooling_groups, label, np.arange(ROWS), np.full(ROWS, 0.5), np.zeros(ROWS, dtype=np.int64)
    )
    line = fit_uplift_correction(sample, np.where(held, 0.2, 0.2 + stated), np.where(held, 0.2 + stated, 0.2))
    assert low < line.slope < high
    assert abs(line.slope - true) < 4.0 * line.slope_error


def test_an_action_with_few_rows_is_drawn_to_the_others() -> None:
    generator = np.random.default_rng(4)
    names = generator.choice(["hold", "a", "b", "c", "rare"], ROWS, p=[0.4, 0.2, 0.2, 0.1995, 0.0005])
    held = names == "hold"
    label = generator.random(ROWS) < np.where(held, 0.10, 0.15)
    pooling_groups = encode_groups(names.tolist(), [None] * ROWS, [None] * ROWS)
    sample = Sample(
        np.zeros((ROWS, 1)), pooling_groups, label, np.arange(ROWS), np.full(ROWS, 0.2), np.zeros(ROWS, dtype=np.int64)
    )
    line = fit_uplift_correction(sample, np.full(ROWS, 0.12), np.full(ROWS, 0.12))
    own = label[names == "rare"].mean() - label[held].mean()
    common = line.correction["a"]
    assert common == pytest.approx(0.05, abs=0.01)
    assert abs(line.correction["rare"] - common) < 0.5 * abs(own - common)
    assert line.correction.get("unseen", line.overall) == pytest.approx(common, abs=0.01)


def test_draws_spread_as_the_errors_say_and_keep_the_mean() -> None:
    line = UpliftCorrection(1.0, 0.1, 0.02, 0.0, 0.01, {"mail": 0.005}, {"mail": 0.01})
    stated = np.array([[0.05], [0.02]])
    draws = line.corrected_draws([action("mail")], stated, np.repeat(stated[..., None], 64, axis=2))
    assert draws.mean(axis=2) == pytest.approx(line.corrected([action("mail")], stated), abs=1e-9)
    expected = np.hypot(0.01, 0.1 * np.abs(stated - 0.02))
    assert draws.std(axis=2) == pytest.approx(expected, rel=0.15)
