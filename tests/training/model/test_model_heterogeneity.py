"""What features do not tell of customers, found out from outcomes alone, in worlds where its size is known."""

import numpy as np
import pytest

from heed.training.model.calibrators.pooling_groups import encode_groups
from heed.training.model.heterogeneity import Heterogeneity, HeterogeneityPrior, estimate_heterogeneity, median_shift
from heed.training.model.log_odds import probability
from heed.training.model.sample import Sample

DAY = 86_400_000_000


def told(
    customers: int, each: int, base: float, heterogeneity: Heterogeneity, seed: int, *, holds: bool = False
) -> tuple[Sample, np.ndarray]:
    """Rows whose features say the same of everybody, and the probability that such features can state."""
    generator = np.random.default_rng(seed)
    who = np.repeat(np.arange(customers), each)
    action = generator.integers(0, 4, len(who))
    held = (generator.random(len(who)) < 0.4) if holds else np.zeros(len(who), dtype=bool)
    resting, contacted = (generator.standard_normal(customers)[who] for _ in range(2))
    own = generator.standard_normal((customers, 4))[who, action]
    truth = base + np.sqrt(heterogeneity.baseline) * resting
    truth += ~held * (np.sqrt(heterogeneity.contact) * contacted + np.sqrt(heterogeneity.action) * own)
    label = generator.random(len(who)) < probability(truth)
    names = np.where(held, "hold", np.array(["a", "b", "c", "d"])[action])
    stated = np.zeros(len(who))
    for one in (held, ~held):
        stated[one] = label[one].mean() if one.any() else 0.0
    pooling_groups = encode_groups(names.tolist(), [None] * len(who), [None] * len(who))
    sample = Sample(
        np.zeros((len(who), 1)), pooling_groups, label, who, np.ones(len(who)), np.arange(len(who)) % each * DAY
    )
    return sample, stated


def foreseen(sample: Sample, stated: np.ndarray) -> np.ndarray:
    return np.where(sample.next_row >= 0, stated[sample.next_row], 0.5)


@pytest.mark.parametrize("base", [-3.0, 0.0], ids=["a rare outcome", "an even outcome"])
@pytest.mark.parametrize("total", [0.3, 0.8])
def test_what_is_hidden_of_customers_is_found_from_their_residuals(base: float, total: float) -> None:
    sample, stated = told(20_000, 8, base, Heterogeneity(0.0, total / 2, total / 2), seed=1)
    found = estimate_heterogeneity(sample, stated, foreseen(sample, stated))
    assert found.total == pytest.approx(total, rel=0.30)
    assert found.baseline + found.contact == pytest.approx(total / 2, rel=0.35)


def test_what_is_shared_with_hold_shows_in_pairs_with_hold() -> None:
    sample, stated = told(20_000, 8, -2.0, Heterogeneity(0.4, 0.4, 0.2), seed=2, holds=True)
    found = estimate_heterogeneity(sample, stated, foreseen(sample, stated))
    assert found.baseline == pytest.approx(0.4, rel=0.35)
    assert found.total == pytest.approx(1.0, rel=0.30)


def test_where_nothing_is_hidden_next_to_nothing_is_found() -> None:
    sample, stated = told(20_000, 8, -2.0, Heterogeneity(), seed=3)
    assert estimate_heterogeneity(sample, stated, foreseen(sample, stated)).total < 0.03


def test_customers_contacted_once_tell_nothing() -> None:
    sample, stated = told(5_000, 1, -1.0, Heterogeneity(0.0, 0.5, 0.5), seed=4)
    assert estimate_heterogeneity(sample, stated, foreseen(sample, stated)) == Heterogeneity()


def test_where_pairs_say_nothing_what_was_expected_stays() -> None:
    sample, stated = told(5_000, 1, -1.0, Heterogeneity(0.0, 0.5, 0.5), seed=4)
    found = estimate_heterogeneity(sample, stated, foreseen(sample, stated), HeterogeneityPrior(0.4, 0.75))
    assert found.to_dict() == pytest.approx({"resting": 0.0, "contacted": 0.3, "own": 0.1})


@pytest.mark.parametrize("total", [0.1, 1.0], ids=["less than expected", "more than expected"])
def test_many_pairs_outweigh_what_was_expected(total: float) -> None:
    sample, stated = told(40_000, 8, -1.0, Heterogeneity(0.0, total / 2, total / 2), seed=6)
    found = estimate_heterogeneity(sample, stated, foreseen(sample, stated), HeterogeneityPrior(0.5))
    assert found.total == pytest.approx(total, rel=0.30)


def test_rare_outcomes_that_never_met_are_no_proof_that_customers_are_alike() -> None:
    sample, stated = told(1_000, 5, -6.0, Heterogeneity(), seed=7)
    twice = np.bincount(sample.customer, weights=sample.label)
    assert sample.label.any()
    assert twice.max() == 1.0
    found = estimate_heterogeneity(sample, stated, foreseen(sample, stated), HeterogeneityPrior(0.5, 0.75))
    assert found.total == pytest.approx(0.5, rel=0.2)
    assert found.contact == pytest.approx(0.75 * found.total, rel=0.05)


def test_the_order_of_the_rows_changes_nothing() -> None:
    sample, stated = told(3_000, 5, -1.0, Heterogeneity(0.2, 0.2, 0.2), seed=5, holds=True)
    order = np.random.default_rng(0).permutation(len(sample))
    turned = sample.take(order)
    found, again = (
        estimate_heterogeneity(one, said, foreseen(one, said)).to_dict()
        for one, said in ((sample, stated), (turned, stated[order]))
    )
    assert again == pytest.approx(found, rel=1e-9)


@pytest.mark.parametrize("variance", [0.2, 0.6])
@pytest.mark.parametrize("stated", [0.02, 0.1, 0.4])
def test_people_spread_around_the_shifted_middle_have_the_stated_mean(variance: float, stated: float) -> None:
    middle = np.log(stated / (1.0 - stated)) - float(median_shift(variance, np.array([stated]))[0])
    people = probability(middle + np.sqrt(variance) * np.random.default_rng(0).standard_normal(400_000))
    assert people.mean() == pytest.approx(stated, rel=0.03)


def test_what_is_hidden_comes_back_from_its_stored_form() -> None:
    assert Heterogeneity.from_dict(Heterogeneity(0.1, 0.2, 0.3).to_dict()) == Heterogeneity(0.1, 0.2, 0.3)
