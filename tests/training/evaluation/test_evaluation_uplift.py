"""Uplift: curves by their published definitions, and differences that confounded logs do not fool."""

from dataclasses import replace

import numpy as np
import pytest

from heed.training.evaluation.metrics.estimate import mean, weighted_mean
from heed.training.evaluation.uplift.qini import qini_by_chance, qini_curve, uplift_curve
from heed.training.evaluation.uplift.uplift_evaluation import (
    UpliftExperiment,
    UpliftMethod,
    arm_weights,
    evaluate_uplift,
    pool_experiments,
    realized_uplift,
)

# Six customers by falling uplift, three of them contacted.
SAID = np.array([0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
DONE = np.array([True, False, True, False, False, True])
CAME = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])
ONES = np.ones(6)


def test_the_uplift_curve_is_that_of_scikit_uplift() -> None:
    # (y_t / n_t - y_c / n_c) * n, an arm without rows counting 0.
    by_hand = [0, 1, 2, 3, 4 * (1 - 1 / 2), 5 * (1 - 1 / 3), 6 * (2 / 3 - 1 / 3)]
    found_ = uplift_curve(SAID, CAME, DONE, ONES)
    assert found_.gain * 6 == pytest.approx(by_hand)
    assert found_.share == pytest.approx(np.arange(7) / 6)
    assert found_.area == pytest.approx(np.trapezoid(by_hand, np.arange(7)) / 36)


def test_the_qini_curve_is_that_of_scikit_uplift() -> None:
    # y_t - y_c * n_t / n_c, the second term 0 without held rows.
    by_hand = [0, 1, 1, 2, 2 - 1 * 2 / 2, 2 - 1 * 2 / 3, 2 - 1 * 3 / 3]
    curve = qini_curve(SAID, CAME, DONE, ONES)
    assert curve.gain * 3 == pytest.approx(by_hand)
    assert curve.beyond_chance == pytest.approx(np.trapezoid(curve.gain, np.arange(7) / 6) - curve.gain[-1] / 2)


def test_customers_of_equal_uplift_enter_together() -> None:
    tied = np.array([0.5, 0.5, 0.4, 0.4, 0.4, 0.1])
    turned = np.array([1, 0, 4, 3, 2, 5])
    first, again = (qini_curve(tied[order], CAME[order], DONE[order], ONES) for order in (np.arange(6), turned))
    assert first.share == pytest.approx([0.0, 2 / 6, 5 / 6, 1.0])
    assert again.gain == pytest.approx(first.gain)


def test_a_row_of_weight_two_is_two_rows() -> None:
    twice = np.array([0, 0, 1, 2, 3, 4, 5])
    double = np.array([2.0, 1, 1, 1, 1, 1])
    weighted = uplift_curve(SAID, CAME, DONE, double)
    assert uplift_curve(SAID[twice], CAME[twice], DONE[twice], np.ones(7)).gain == pytest.approx(weighted.gain)


def world(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, UpliftExperiment]:
    """A log that contacted mostly those who would have come anyway: true uplift, true hold, and the trial."""
    generator = np.random.default_rng(seed)
    taste = generator.random(rows)
    resting, effect = 0.1 + 0.6 * taste, 0.2 * (1.0 - taste)
    chance = 0.1 + 0.8 * taste
    done = generator.random(rows) < chance
    came = (generator.random(rows) < resting + effect * done).astype(float)
    weight, method = arm_weights(done, np.where(done, chance, 1 - chance))
    told = (effect, effect - 0.05, effect + 0.05, resting + effect * done)
    return effect, resting, UpliftExperiment(*told, came, done, weight, np.arange(rows), method)


def everything(experiment: UpliftExperiment) -> np.ndarray:
    return np.ones(len(experiment.treated), dtype=bool)


def test_recorded_probabilities_undo_what_a_plain_difference_is_fooled_by() -> None:
    effect, _, experiment = world(20_000, 0)
    assert experiment.method is UpliftMethod.ROBUST
    plain = replace(experiment, weight=np.ones(20_000), method=UpliftMethod.DIFFERENCE)
    honest = realized_uplift(experiment, everything(experiment)).estimate(experiment.cluster)
    fooled = realized_uplift(plain, everything(plain)).estimate(plain.cluster)
    assert honest.holds(effect.mean())
    assert fooled.low > effect.mean() + 0.1


@pytest.mark.parametrize("wrong", ["the model", "the probabilities"])
def test_the_doubly_robust_difference_needs_only_one_of_both_to_be_right(wrong: str) -> None:
    effect, resting, experiment = world(40_000, 1)
    if wrong == "the model":
        experiment = replace(experiment, uplift=np.zeros(40_000), expected=np.full(40_000, 0.3))
    else:
        experiment = replace(experiment, weight=np.ones(40_000), expected=resting + effect * experiment.treated)
    assert realized_uplift(experiment, everything(experiment)).value == pytest.approx(effect.mean(), abs=0.02)


def test_the_interval_holds_the_true_uplift_as_often_as_it_says() -> None:
    held = []
    for seed in range(120):
        effect, _, experiment = world(1_500, seed)
        held.append(
            realized_uplift(experiment, everything(experiment)).estimate(experiment.cluster).holds(effect.mean())
        )
    assert 0.88 <= np.mean(held) <= 1.0


def test_true_uplift_shows_no_error_and_a_shifted_one_its_shift() -> None:
    _, _, experiment = world(40_000, 2)
    true = evaluate_uplift("mail", experiment)
    shifted = evaluate_uplift(
        "mail",
        replace(experiment, uplift=experiment.uplift + 0.1, expected=experiment.expected + 0.1 * experiment.treated),
    )
    assert true.error < 0.02
    assert true.met == len(true.tenths) == 10
    assert shifted.error == pytest.approx(0.1, abs=0.02)
    assert [one.stated for one in true.tenths] == sorted(one.stated for one in true.tenths)
    assert true.qini.low > 0


def test_constant_probabilities_give_the_difference_in_means() -> None:
    weight, method = arm_weights(DONE, np.where(DONE, 0.25, 0.75))
    experiment = UpliftExperiment(SAID, SAID, SAID, SAID, CAME, DONE, weight, np.arange(6), method)
    assert method is UpliftMethod.WEIGHTED
    assert realized_uplift(experiment, everything(experiment)).value == pytest.approx(2 / 3 - 1 / 3)


def test_without_recorded_probabilities_the_difference_is_plain_and_says_so() -> None:
    weight, method = arm_weights(DONE, np.array([0.5, np.nan, 0.5, 0.5, 0.5, 0.5]))
    assert method is UpliftMethod.DIFFERENCE
    assert weight[DONE].sum() == pytest.approx(weight[~DONE].sum())


def test_pooled_trials_compare_each_action_with_as_much_hold() -> None:
    _, _, large = world(3_000, 3)
    _, _, small = world(300, 4)
    both = pool_experiments([large, small])
    assert both.weight[both.treated].sum() == pytest.approx(both.weight[~both.treated].sum())
    assert pool_experiments([large, replace(small, method=UpliftMethod.DIFFERENCE)]).method is UpliftMethod.DIFFERENCE


def test_ranking_at_random_is_not_told_from_chance() -> None:
    _, _, experiment = world(5_000, 5)
    low, high = qini_by_chance(
        np.random.default_rng(0).random(5_000),
        experiment.happened,
        experiment.treated,
        experiment.weight,
        experiment.cluster,
    )
    assert low < 0.0 < high


def test_rows_of_one_customer_are_no_independent_evidence() -> None:
    values = np.random.default_rng(6).random(50)
    alone = mean(values).estimate(np.arange(50))
    copied = mean(np.repeat(values, 4)).estimate(np.repeat(np.arange(50), 4))
    assert (copied.low, copied.high) == pytest.approx((alone.low, alone.high))
    assert alone.error == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_weights_of_nothing_tell_nothing() -> None:
    told = weighted_mean(np.ones(3), np.zeros(3)).estimate(np.arange(3))
    assert np.isnan([told.value, told.low, told.high]).all()
    assert told.holds(7.0)
