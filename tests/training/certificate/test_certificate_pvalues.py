"""P-values against the paper's formulas, against another implementation, and against chance."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom

from heed.training.certificate.pvalues import betting, binomial, hoeffding_bentkus
from heed.training.certificate.samples import UnweightedLosses, WeightedLosses, customers_needed, upper_bound

# Computed with MAPIE 1.6.0, `compute_hoeffding_bentkus_p_value`; the exact ones with its `binary=True`.
KNOWN = {
    (100, 0.0, 0.05): 0.005920529220334054,
    (100, 2.5, 0.05): 0.44944491811765735,
    (500, 3.25, 0.02): 0.04313124916550584,
    (1000, 12.0, 0.02): 0.10222047276531365,
    (1000, 19.5, 0.02): 0.9935903563270828,
    (2500, 200.75, 0.1): 0.0011985789861829062,
    (50, 10.0, 0.1): 1.0,
    (4000, 10.4, 0.005): 0.0574896286940568,
}
EXACT = {
    (500, 4, 0.02): 0.028122586485324463,
    (1000, 12, 0.02): 0.037604810397184225,
    (4000, 11, 0.005): 0.02114925247712333,
}


@pytest.mark.parametrize(("count", "total", "alpha"), KNOWN, ids=lambda value: f"{value:g}")
def test_hoeffding_bentkus_is_what_another_implementation_says(count, total, alpha):
    assert hoeffding_bentkus(total, count, alpha) == pytest.approx(KNOWN[count, total, alpha], rel=1e-12)


@pytest.mark.parametrize(("count", "total", "alpha"), EXACT, ids=lambda value: f"{value:g}")
def test_the_binomial_p_value_is_what_another_implementation_says(count, total, alpha):
    assert binomial(total, count, alpha) == pytest.approx(EXACT[count, total, alpha], rel=1e-12)


@given(st.integers(1, 3000), st.floats(0, 1), st.floats(0.001, 0.6))
def test_hoeffding_bentkus_is_the_formula_of_the_paper(count, share, alpha):
    total = share * count
    mean = min(share, alpha)
    entropy = (mean * math.log(mean / alpha) if mean > 0 else 0.0) + (1 - mean) * math.log((1 - mean) / (1 - alpha))
    bentkus = math.e * binom.cdf(math.ceil(total - 1e-9), count, alpha)
    expected = min(1.0, math.exp(-count * max(entropy, 0.0)), bentkus)
    assert hoeffding_bentkus(total, count, alpha) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.integers(0, 60), st.integers(60, 2000), st.floats(0.001, 0.9))
def test_the_binomial_p_value_is_scipys(total, count, alpha):
    assert binomial(total, count, alpha) == pytest.approx(binom.cdf(total, count, alpha), rel=1e-9, abs=1e-300)


@given(st.integers(0, 60), st.integers(60, 2000), st.floats(0.01, 0.4))
def test_the_exact_test_is_never_weaker_than_the_bound(total, count, alpha):
    assert binomial(total, count, alpha) <= hoeffding_bentkus(total, count, alpha) + 1e-12


def test_the_bettor_owns_what_the_bets_have_paid():
    excess = np.array([-0.02, 0.98, -0.02, -0.02])
    stakes = np.arange(1, 100) / 100.0
    capital = np.mean((1 + 0.02 * stakes) ** 3 * (1 - 0.98 * stakes))
    assert betting(excess, 1.0) == 1.0
    assert capital < 1.0
    calm = np.full(400, -0.02)
    assert betting(calm, 1.0) == pytest.approx(1.0 / np.mean((1 + 0.02 * stakes) ** 400), rel=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.randoms())
def test_the_order_of_the_rows_changes_no_bet(excess, shuffler):
    again = list(excess)
    shuffler.shuffle(again)
    assert betting(np.array(again), 1.0) == pytest.approx(betting(np.array(excess), 1.0), rel=1e-9)


@pytest.mark.parametrize("skew", [1.0, 8.0], ids=["equal weights", "weights of 1 and 8"])
def test_a_bettor_against_a_true_hypothesis_rarely_gets_rich(skew):
    generator = np.random.default_rng(3)
    wins = 0
    for _ in range(600):
        weight = np.where(generator.random(400) < 0.2, skew, 1.0)
        loss = generator.random(400) < 0.05
        wins += betting(weight * (loss - 0.05), skew) <= 0.1
    # 600 games at level 0.1: more than 85 wins happen once in 4,000 times where the level holds.
    assert wins <= 85


def test_a_bettor_against_a_false_hypothesis_gets_rich():
    generator = np.random.default_rng(4)
    losses = generator.random((50, 2000)) < 0.01
    rich = sum(betting(one - 0.02, 1.0) <= 0.1 for one in losses)
    exact = sum(binomial(int(one.sum()), 2000, 0.02) <= 0.1 for one in losses)
    assert exact >= rich >= 40


@given(st.integers(0, 30), st.integers(40, 400), st.floats(0.01, 0.4))
def test_the_upper_bound_of_counts_is_that_of_clopper_and_pearson(total, count, delta):
    sample = UnweightedLosses(np.r_[np.ones(total), np.zeros(count - total)])
    expected = beta.ppf(1 - delta, total + 1, count - total)
    assert upper_bound(sample, delta) == pytest.approx(expected, abs=1e-8)


@given(st.integers(0, 5), st.floats(0.5, 4.0), st.floats(0.01, 0.3))
def test_what_is_at_the_upper_bound_is_just_rejected(harmed, weight, delta):
    losses = np.r_[np.full(harmed, weight), np.zeros(200 - harmed)]
    sample = WeightedLosses(losses, np.full(200, weight), bound=4.0)
    upper = upper_bound(sample, delta)
    assert sample.risk <= upper < 1.0
    assert sample.p_value(upper) <= delta
    assert upper == 0.0 or sample.p_value(upper * 0.999) > delta


def test_where_nobody_tells_anything_nothing_is_bounded():
    empty = WeightedLosses(np.zeros(3), np.zeros(3), bound=2.0, largest=7.0)
    assert upper_bound(empty, 0.1) == 7.0
    assert upper_bound(UnweightedLosses(np.zeros(0)), 0.1) == 1.0
    assert math.isnan(empty.risk)
    assert UnweightedLosses(np.zeros(0)).p_value(0.02) == 1.0


@pytest.mark.parametrize(
    ("sample", "method"),
    [
        (UnweightedLosses(np.array([0.0, 1.0])), "binomial"),
        (UnweightedLosses(np.array([0.0, 0.5])), "hoeffding-bentkus"),
        (WeightedLosses(np.zeros(2), np.ones(2), 1.0), "betting"),
    ],
    ids=["0 or 1", "in between", "weighted"],
)
def test_the_test_fits_the_losses(sample, method):
    assert sample.method == method


@pytest.mark.parametrize(
    "sample",
    [
        UnweightedLosses(np.r_[np.ones(2), np.zeros(98)]),
        UnweightedLosses(np.r_[np.full(4, 0.5), np.zeros(96)]),
        WeightedLosses(np.r_[np.full(2, 3.0), np.zeros(98)], np.full(100, 3.0), bound=6.0),
    ],
    ids=["counted", "in between", "weighted"],
)
def test_the_customers_it_takes_are_those_at_which_such_losses_would_be_rejected(sample):
    assert sample.p_value(0.04) > 0.1
    needed = customers_needed(sample, 0.04, 0.1)
    assert needed > 100
    # Hoeffding and Bentkus go by steps, so the last customer cannot be told.
    assert sample.p_value(0.04, 1.05 * needed / 100) <= 0.1 < sample.p_value(0.04, 0.85 * needed / 100)
    assert customers_needed(sample, 0.02, 0.1) is None


def test_nobody_tells_how_many_it_would_take():
    assert customers_needed(UnweightedLosses(np.zeros(0)), 0.02, 0.1) is None
