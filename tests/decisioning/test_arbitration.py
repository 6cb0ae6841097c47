import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.arbitration import choose, confidence, ranking, shortfall
from heed.decisioning.score import ConfidenceMap, tolerance_ratio
from tests.support.doubles import action


def test_equal_net_values_break_by_cost_then_id():
    actions = [action("c", cost=1.0), action("b", cost=2.0), action("a", cost=1.0)]
    assert ranking(actions, np.array([1.0, 1.0, 1.0])) == (2, 0, 1)


def test_nothing_is_chosen_where_nothing_is_admissible():
    assert choose((0, 1), np.array([2.0, 1.0]), [False, False]) is None


@pytest.mark.parametrize(
    ("chosen", "tolerance", "expected"),
    [
        pytest.param(0, 0.0, 0.5, id="best in half of the draws"),
        pytest.param(0, 2.0, 1.0, id="always within a wide tolerance"),
        pytest.param(None, 0.0, 0.0, id="hold is never best where something is always worth more"),
        pytest.param(None, 3.0, 1.0, id="hold is good enough within a wide tolerance"),
    ],
)
def test_confidence_is_the_share_of_draws(chosen, tolerance, expected):
    draws = np.array([[1.0, 2.0, 1.0, 2.0], [2.0, 1.0, 2.0, 1.0]])
    assert confidence(draws, chosen, [True, True], tolerance) == expected


def test_suppressed_candidates_do_not_compete():
    draws = np.array([[1.0, 1.0], [9.0, 9.0]])
    assert confidence(draws, 0, [True, False], 0.0) == 1.0


def test_hold_is_certain_where_nothing_else_is_admissible():
    assert confidence(np.array([[5.0]]), None, [False], 0.0) == 1.0


@given(
    st.lists(st.lists(st.floats(-5, 5), min_size=6, max_size=6), min_size=2, max_size=5),
    st.floats(0, 3),
    st.floats(0, 3),
)
def test_a_wider_tolerance_never_lowers_confidence(rows, first, second):
    draws = np.array(rows)
    admissible = [True] * len(rows)
    low, high = sorted((first, second))
    assert confidence(draws, 0, admissible, low) <= confidence(draws, 0, admissible, high)


def test_trust_keeps_the_order_of_shares_and_stays_inside_0_and_1() -> None:
    shares = np.linspace(0.0, 1.0, 65)
    stated = ConfidenceMap(0.6, -0.1).of(shares, 64)
    assert (np.diff(stated) >= 0.0).all()
    assert 0.0 < stated[0] < stated[-1] < 1.0


def test_trust_of_slope_1_changes_nothing_but_certainty() -> None:
    shares = np.array([0.0, 0.25, 0.5, 1.0])
    assert ConfidenceMap().of(shares, 64) == pytest.approx([0.5 / 64, 0.25, 0.5, 1.0 - 0.5 / 64])


@pytest.mark.parametrize(
    ("tolerance", "short", "expected"),
    [
        pytest.param(0.0, 2.0, 0.0, id="none without a tolerance"),
        pytest.param(0.0, 0.0, 0.0, id="none without a tolerance where nothing is at stake either"),
        pytest.param(1.0, 0.0, 1.0, id="all where nothing is at stake"),
        pytest.param(1.0, 3.0, 0.25, id="the tolerance beside what is at stake"),
    ],
)
def test_leeway_is(tolerance, short, expected):
    assert tolerance_ratio(tolerance, np.array([short])).tolist() == [expected]


@given(st.floats(0.01, 100.0), st.floats(0.0, 100.0), st.floats(0.001, 1000.0))
def test_leeway_is_the_same_in_every_currency(tolerance, short, rate):
    both = tolerance_ratio(tolerance, np.array([short])), tolerance_ratio(rate * tolerance, np.array([rate * short]))
    assert both[0] == pytest.approx(both[1])


def test_the_leeway_moves_confidence_by_as_much_as_was_learnt():
    draws = np.array([[1.0, 2.0, 1.0, 2.0], [2.0, 1.0, 2.0, 1.0]])
    # Right in half of the draws and half a euro short on the average: a tolerance of a half is half of the whole.
    stated = confidence(draws, 0, [True, True], 0.5, ConfidenceMap(1.0, 0.0, 3.0))
    assert np.log(stated / (1.0 - stated)) == pytest.approx(1.5)


def test_a_choice_without_rivals_is_certain_whatever_the_trust() -> None:
    assert confidence(np.ones((1, 8)), None, [False], 0.0, ConfidenceMap(0.5, -1.0)) == 1.0


@pytest.mark.parametrize(
    ("chosen", "admissible", "expected"),
    [
        pytest.param(0, [True, True], 1.0, id="the mean over the draws of what the best is worth more"),
        pytest.param(1, [True, True], 0.0, id="nothing for what is best in every draw"),
        pytest.param(0, [True, False], 0.5, id="hold competes where the choice would lose"),
        pytest.param(None, [True, False], 0.5, id="what holding forgoes"),
        pytest.param(None, [False, False], 0.0, id="nothing where only hold is admissible"),
    ],
)
def test_the_shortfall_is(chosen, admissible, expected):
    draws = np.array([[1.0, -1.0], [2.0, 0.0]])
    assert shortfall(draws, chosen, admissible) == expected


@given(st.lists(st.lists(st.floats(-5, 5), min_size=6, max_size=6), min_size=1, max_size=5), st.booleans())
def test_a_certain_choice_has_no_shortfall_and_any_other_has(rows, holds):
    draws = np.array(rows)
    chosen = None if holds else 0
    admissible = [True] * len(rows)
    sure = confidence(draws, chosen, admissible, 0.0)
    assert (shortfall(draws, chosen, admissible) == 0.0) == (sure == 1.0)
