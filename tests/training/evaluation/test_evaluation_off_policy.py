"""Values of policies: by hand, on average over many logs, and where the log could not do what is asked."""

from dataclasses import replace

import numpy as np
import pytest

from heed.training.evaluation.off_policy.estimators import logging_value, policy_value, value_difference
from heed.training.evaluation.off_policy.logged_decisions import HOLD_INDEX, LoggedDecisions

# Four decisions about two actions worth 10 at a cost of 1, harm costing 4.
SMALL = LoggedDecisions(
    done=np.array([0, 1, -1, 0]),
    chance=np.array([0.5, 0.25, 0.5, 0.5]),
    happened=np.array([1.0, 0.0, 1.0, 0.0]),
    harmed=np.array([0.0, 1.0, 0.0, 0.0]),
    cluster=np.arange(4),
    propensity=np.array([[0.5, 0.2], [0.5, 0.2], [0.5, 0.2], [0.5, 0.2]]),
    hold=np.full(4, 0.3),
    harm=np.full((4, 2), 0.1),
    value=np.array([10.0, 10.0]),
    cost=np.array([1.0, 1.0]),
    harm_cost=4.0,
)
TARGET = np.array([0, 1, 0, HOLD_INDEX])


def test_the_inverse_propensity_value_is_computed_by_hand() -> None:
    found = policy_value("p", SMALL, TARGET)
    # The first row earns 10 - 1, the second loses 4 + 1, and the held third, contacted here, would have come anyway.
    assert found.value.inverse_propensity.value == pytest.approx((2 * 9 + 4 * -5 - 2 * 10) / 4)
    assert found.outcome.inverse_propensity.value == pytest.approx(2 * 1 / 4)
    assert found.acts == 0.75


def test_the_self_normalised_value_divides_by_the_weights() -> None:
    found = policy_value("p", SMALL, TARGET)
    assert found.value.self_normalised.value == pytest.approx(0.75 * ((2 * 9 + 4 * -5) / 6 - 2 * 10 / 2))
    assert found.outcome.self_normalised.value == pytest.approx(2 * 1 / 6)


def test_the_doubly_robust_value_is_computed_by_hand() -> None:
    first = 10 * 0.2 - 4 * 0.1 - 1 + 2 * (10 * 0.5 + 4 * 0.1)
    second = 10 * -0.1 - 4 * 0.1 - 1 + 4 * (10 * -0.2 - 4 * 0.9)
    third = 10 * 0.2 - 4 * 0.1 - 1 - 2 * 10 * 0.7
    found = policy_value("p", SMALL, TARGET).value.doubly_robust
    assert found.value == pytest.approx((first + second + third + 0.0) / 4)


def test_holding_for_everybody_is_worth_nothing_exactly() -> None:
    found = policy_value("hold", SMALL, np.full(4, HOLD_INDEX))
    for told in (found.value.inverse_propensity, found.value.self_normalised, found.value.doubly_robust):
        assert (told.value, told.low, told.high) == (0.0, 0.0, 0.0)


def played(rows: int, seed: int) -> tuple[LoggedDecisions, np.ndarray, np.ndarray]:
    """A log of two actions and hold with varying probabilities; true net values, and a policy."""
    generator = np.random.default_rng(seed)
    taste = generator.random(rows)
    true = np.stack([0.2 + 0.3 * taste, 0.5 - 0.3 * taste, np.full(rows, 0.2)], axis=1)
    chances = np.stack([0.2 + 0.3 * taste, 0.5 - 0.3 * taste, np.full(rows, 0.3)], axis=1)
    done = (generator.random(rows)[:, None] > np.cumsum(chances, axis=1)).sum(axis=1)
    every = np.arange(rows)
    happened = (generator.random(rows) < true[every, done]).astype(float)
    log = LoggedDecisions(
        done=np.where(done == 2, HOLD_INDEX, done),
        chance=chances[every, done],
        happened=happened,
        harmed=np.zeros(rows),
        cluster=every,
        propensity=np.full((rows, 2), 0.4),
        hold=np.full(rows, 0.1),
        harm=None,
        value=np.array([5.0, 5.0]),
        cost=np.array([0.2, 0.2]),
        harm_cost=0.0,
    )
    worth = 5.0 * (true[:, :2] - true[:, 2:]) - 0.2
    return log, worth, np.where(taste > 0.7, 0, np.where(taste < 0.3, 1, HOLD_INDEX))


def real(worth: np.ndarray, target: np.ndarray) -> float:
    rows = np.arange(len(target))
    return float(np.where(target == HOLD_INDEX, 0.0, worth[rows, target]).mean())


@pytest.mark.parametrize("way", ["inverse_propensity", "self_normalised", "doubly_robust"])
def test_every_estimator_finds_the_true_value_though_the_model_is_wrong(way: str) -> None:
    errors, held = [], []
    for seed in range(60):
        log, worth, target = played(1_500, seed)
        told = getattr(policy_value("p", log, target).value, way)
        errors.append(told.value - real(worth, target))
        held.append(told.holds(real(worth, target)))
    assert np.mean(errors) == pytest.approx(0.0, abs=3 * np.std(errors) / np.sqrt(60))
    assert np.mean(held) >= 0.85


def test_what_was_done_is_worth_what_it_brought_against_holding() -> None:
    log, worth, _ = played(40_000, 1)
    assert logging_value("log", log).value.doubly_robust.holds(real(worth, log.done))
    assert logging_value("log", log).outcome.doubly_robust.value == log.happened.mean()


def test_a_good_model_makes_the_interval_narrower() -> None:
    log, worth, target = played(5_000, 2)
    said = worth / 5.0 + 0.04 + 0.2
    informed = replace(log, propensity=said, hold=np.full(5_000, 0.2))
    errors = [policy_value("p", one, target).value.doubly_robust.error for one in (informed, log)]
    assert errors[0] < errors[1]


def test_differences_are_paired() -> None:
    log, worth, target = played(5_000, 3)
    single = np.zeros(5_000, dtype=int)
    told = value_difference(log, target, single)
    assert told.holds(real(worth, target) - real(worth, single))
    assert value_difference(log, target, target).error == 0.0


def test_choices_that_the_log_could_not_make_show_in_the_weights() -> None:
    log, _, target = played(5_000, 4)
    assert policy_value("p", log, target).weight.holds(1.0)
    never = replace(log, done=np.where(log.done == 0, 1, log.done))
    assert policy_value("p", never, np.zeros(5_000, dtype=int)).weight.value == 0.0
    assert policy_value("p", never, np.zeros(5_000, dtype=int)).effective_rows == 0.0


def test_without_hold_rows_outcomes_count_in_full() -> None:
    log, *_ = played(5_000, 5)
    contacted = replace(log, done=np.where(log.done == HOLD_INDEX, 0, log.done), hold=None)
    assert not contacted.against_hold
    found = policy_value("p", contacted, np.zeros(5_000, dtype=int)).value
    mine = contacted.done == 0
    worth = (mine * (5.0 * contacted.happened - 0.2) / contacted.chance).mean()
    assert found.inverse_propensity.value == pytest.approx(worth)
