"""The certified threshold keeps its word: on draws with known truth, wrong certificates are as rare as promised."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from heed.training.certificate.decision_points import DecisionPoints, random_order, split_customers
from heed.training.certificate.learn_then_test import GRID, learn_then_test, min_customers, risk_at, risk_curve
from tests.support.certificate_samples import harm_samples, true_risk

REPETITIONS = 120
ALPHA, DELTA = 0.04, 0.1
# More violations than this happen by chance once in a thousand such tests where the guarantee holds.
MOST = int(binom.ppf(0.999, REPETITIONS, DELTA))


def thresholds(alpha, *, logged):
    found = []
    for seed in range(REPETITIONS):
        points = harm_samples(4000, seed, logged=logged)
        certified = learn_then_test(points, alpha, DELTA, seed=seed, grid=GRID[4:80:5]).certified
        found.append(None if certified is None else certified.threshold)
    return found


def violations(found, alpha):
    return sum(one is not None and true_risk(one) > alpha for one in found)


@pytest.mark.parametrize("logged", [False, True], ids=["equal weights", "weighted by what was logged"])
def test_certificates_are_wrong_no_more_often_than_promised_and_still_say_something(logged):
    found = thresholds(ALPHA, logged=logged)
    assert violations(found, ALPHA) <= MOST
    assert sum(one is not None for one in found) > REPETITIONS / 2
    # Were all thresholds within the bound, the guarantee would not be put to the test.
    assert true_risk(0.35) > ALPHA > true_risk(0.55)


def test_the_simulation_notices_who_takes_the_observed_risk_for_the_true_one():
    wrong = sum(true_risk(_naive(harm_samples(4000, seed))) > ALPHA for seed in range(REPETITIONS))
    assert wrong > MOST


def _naive(points):
    """The least threshold whose observed risk is small enough."""
    order = random_order(points, 0)
    return min(one for one in GRID[4:80:5] if points.at(one, order).risk <= ALPHA)


@pytest.mark.parametrize("logged", [False, True], ids=["equal weights", "weighted by what was logged"])
def test_the_observed_risk_is_the_true_one_on_average(logged):
    found = []
    for seed in range(40):
        points = harm_samples(2000, seed, logged=logged)
        found.append(points.at(0.5, random_order(points, seed)).risk)
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - true_risk(0.5)) < 4.0 * error


def test_without_weights_a_log_that_seeks_out_the_frail_overstates_their_risk():
    logs = [harm_samples(2000, seed, logged=True) for seed in range(40)]
    found = [one.loss[one.executed & (one.confidence >= 0.5)].mean() for one in logs]
    assert np.mean(found) - 4.0 * np.std(found) / np.sqrt(40) > true_risk(0.5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.02, 0.08), st.floats(0.02, 0.08))
def test_a_looser_bound_never_certifies_less(seed, one, other):
    points = harm_samples(1500, seed)
    strict, loose = (learn_then_test(points, alpha, 0.1, grid=GRID[::10]).certified for alpha in sorted((one, other)))
    # The start of testing depends on alpha: a looser bound starts no lower.
    assert strict is None or loose is None or loose.threshold <= strict.threshold
    if strict is not None:
        assert risk_at(strict.threshold, strict.sample, 0.1).upper <= min(one, other) + 1e-8


def test_testing_stops_at_the_first_threshold_that_is_not_rejected():
    points = harm_samples(4000, 2)
    found = learn_then_test(points, ALPHA, DELTA)
    assert [one.p_value <= 0.1 for one in found.tested] == [True] * (len(found.tested) - 1) + [False]
    assert found.certified == found.tested[-2]
    start = GRID.index(found.tested[0].threshold)
    assert [one.threshold for one in found.tested] == list(GRID[start : start + len(found.tested)])


def test_the_pilot_takes_no_part_in_the_tests():
    points = harm_samples(1000, 3)
    pilot, others = split_customers(points, 0.1, 7)
    assert set(pilot.customer) | set(others.customer) == set(points.customer)
    assert set(pilot.customer).isdisjoint(others.customer)
    assert pilot.customers == 100
    found = learn_then_test(points, 0.01, 0.1, seed=7)
    assert found.points.customers == 900
    assert risk_curve(found.points, 0.1, seed=7)[-1].executed == others.at(0.0, random_order(others, 7)).executed


def test_a_customer_counts_once_however_often_contacted():
    customer = np.array([0, 0, 0, 1, 2, 2])
    executed = np.array([True, True, False, True, False, False])
    loss = np.array([1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    points = DecisionPoints(customer, np.ones(6), executed, loss, np.ones(6), bound=1.0)
    sample = points.at(0.5, random_order(points, 0))
    assert (sample.executed, sample.risk) == (2, 0.5)
    weighted = replace(points, weight=np.array([2.0, 4.0, 1.0, 2.0, 1.0, 1.0]), bound=4.0).at(
        0.5, random_order(points, 0)
    )
    # 2 + 4 is more than one moment can bring.
    np.testing.assert_allclose(weighted.losses, [4.0, 0.0])
    np.testing.assert_allclose(weighted.weights, [6.0, 2.0])
    assert (weighted.executed, weighted.worth, weighted.risk) == (2, 2.0, 0.5)


@pytest.mark.parametrize(
    ("alpha", "delta", "count"), [(0.02, 0.1, 114), (0.05, 0.05, 59), (0.01, 0.1, 230)], ids=["2 %", "5 %", "1 %"]
)
def test_the_least_number_that_could_be_certified_is_known(alpha, delta, count):
    assert min_customers(alpha, delta) == count
    assert binom.cdf(0, count, alpha) <= delta < binom.cdf(0, count - 1, alpha)


def test_where_nothing_is_recorded_nothing_is_certified():
    points = replace(harm_samples(300, 1), executed=np.zeros(len(harm_samples(300, 1)), dtype=bool))
    found = learn_then_test(points, 0.02, 0.1)
    assert found.certified is None
    assert [one.sample.executed for one in found.tested] == [0]
