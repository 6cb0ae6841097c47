from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.training.simulator.calendar import DAY, HOUR, to_microseconds
from heed.training.simulator.ground_truth import hour_effect
from heed.training.simulator.offer_catalogue import ACTION_IDS, ACTIONS, CHANNELS, HOLD_INDEX
from heed.training.simulator.world import make_world
from tests.support.small_world import small_world

SMALL = make_world(seed=4, customers=120, days=10)


@given(less=st.floats(0, 8), more=st.floats(0, 8))
@settings(max_examples=30)
def test_more_recent_contacts_never_help_and_always_harm(less: float, more: float) -> None:
    low, high = (SMALL.situation(recent_contacts=count) for count in sorted((less, more)))
    response = SMALL.true_propensity(high) - SMALL.true_propensity(low)
    assert (response[:, :-1] <= 0).all()
    assert (response[:, HOLD_INDEX] == 0).all()
    assert (SMALL.true_harm(high) >= SMALL.true_harm(low)).all()


def test_harm_more_than_doubles_from_no_to_four_recent_contacts() -> None:
    rested, tired = (SMALL.true_harm(SMALL.situation(recent_contacts=count))[:, :-1].mean() for count in (0.0, 4.0))
    assert tired > 2 * rested


def test_hold_harms_nobody_and_is_worth_nothing() -> None:
    assert (SMALL.true_harm()[:, HOLD_INDEX] == 0).all()
    assert (SMALL.true_net_value()[:, HOLD_INDEX] == 0).all()


def test_recent_activity_raises_the_response_under_hold() -> None:
    quiet, busy = (SMALL.true_propensity(SMALL.situation(activity=np.full(120, one))) for one in (0.5, 6.0))
    assert (busy[:, HOLD_INDEX] > quiet[:, HOLD_INDEX]).all()


def test_net_value_is_value_times_uplift_less_harm_and_cost() -> None:
    net, p, harm = SMALL.true_net_value(harm_cost=30.0), SMALL.true_propensity(), SMALL.true_harm()
    call = ACTION_IDS.index("call_retention")
    expected = ACTIONS[call].value * (p[7, call] - p[7, HOLD_INDEX]) - 30.0 * harm[7, call] - ACTIONS[call].cost
    assert net[7, call] == pytest.approx(expected, rel=1e-12)


def test_response_of_a_pair_is_its_cell_of_the_matrix() -> None:
    customers, actions = np.array([3, 50, 3]), np.array([0, HOLD_INDEX, 5])
    pairs = SMALL.response(customers, actions, recent_contacts=2.0)
    matrix = SMALL.true_propensity(SMALL.situation(recent_contacts=2.0))
    assert pairs.tolist() == pytest.approx(matrix[customers, actions].tolist(), rel=1e-12)


def test_the_order_in_which_customers_are_asked_for_changes_nothing() -> None:
    order = np.random.default_rng(0).permutation(120)
    shuffled = SMALL.true_propensity(SMALL.situation(order))
    assert np.allclose(shuffled, SMALL.true_propensity()[order], rtol=1e-12, atol=0)


def test_rates_heterogeneity_and_restraint_are_in_the_promised_range() -> None:
    world, played = small_world()
    situation = world.situation(recent_contacts=played.recent_contacts, activity=played.activity)
    p = world.true_propensity(situation)
    assert ((p > 0) & (p < 1)).all()
    assert ((p[:, :-1].mean(axis=0) > 0.01) & (p[:, :-1].mean(axis=0) < 0.15)).all()
    assert 0.01 < np.quantile(p[:, HOLD_INDEX], 0.05) < np.quantile(p[:, HOLD_INDEX], 0.9) < 0.05
    best = np.bincount(world.true_net_value(situation).argmax(axis=1), minlength=len(ACTION_IDS)) / len(p)
    assert (best > 0.03).sum() >= 6
    assert best.max() < 0.35
    assert best[HOLD_INDEX] > 0.05


def test_the_best_choice_by_customer_is_worth_much_more_than_one_action_for_all() -> None:
    net = small_world()[0].true_net_value()
    assert net.max(axis=1).mean() > 1.5 * net.mean(axis=0).max()


@pytest.mark.parametrize(
    ("channel", "better", "worse"),
    [
        pytest.param("email", 19, 9, id="mail works in the evening"),
        pytest.param("call", 10, 19, id="calls work in the morning"),
    ],
)
def test_the_local_hour_matters_by_channel(channel: str, better: int, worse: int) -> None:
    london, wednesday = np.array([6]), to_microseconds(datetime(2026, 1, 14, tzinfo=UTC))  # in winter London keeps UTC
    good, bad = (hour_effect(london, np.array([wednesday + hour * HOUR]))[0] for hour in (better, worse))
    assert good[CHANNELS.index(channel)] > bad[CHANNELS.index(channel)] + 0.1


def test_calls_are_worse_at_the_weekend_and_only_then() -> None:
    monday = to_microseconds(datetime(2026, 1, 12, tzinfo=UTC)) // DAY
    noon = np.array([(monday + day) * DAY + 12 * HOUR for day in range(7)])
    call = hour_effect(np.full(7, 6), noon)[:, CHANNELS.index("call")]
    assert call[:5] == pytest.approx(np.full(5, call[0]))
    assert (call[5:] < call[0] - 0.4).all()


def test_the_recorded_truth_is_what_the_world_answers_when_asked_again() -> None:
    world, played = small_world()
    again = world.true_propensity(played.situation)[np.arange(len(played.truth)), played.truth["action_index"]]
    assert np.allclose(again, played.truth["propensity"], rtol=1e-12, atol=0)
