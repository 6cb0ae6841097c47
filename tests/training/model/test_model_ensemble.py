"""Several boosters served as one: the mean of what they say, to rounding."""

from dataclasses import replace
from functools import cache

import lightgbm
import numpy as np
import pytest

from heed.training.model.booster import fit_ensemble, full_data_rounds
from heed.training.model.ensemble import average_boosters
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.train_head import retrain_head, train_head
from heed.training.model.trees import read_trees
from tests.support.small_model import SCHEMA, SETTINGS, halves, noise

FIRST, REST = halves(noise(3_000, seed=5).sample)


def trained_members(count: int, seed: int = 0) -> tuple[lightgbm.Booster, ...]:
    return fit_ensemble(FIRST, SCHEMA, replace(SETTINGS, members=count), 20, seed)


members = cache(trained_members)


@cache
def trained_head() -> ProbabilityHead:
    return train_head(FIRST, SCHEMA, SETTINGS, seed=0).head


@pytest.mark.parametrize("count", [1, 2, 5], ids=["one member", "two members", "five members"])
def test_the_margin_is_the_mean_of_the_members_margins(count: int) -> None:
    grown = members(count)
    mean = np.mean([member.predict(REST.matrix, raw_score=True) for member in grown], axis=0)
    assert average_boosters(grown).predict(REST.matrix, raw_score=True) == pytest.approx(mean, abs=1e-12)


def test_contributions_are_the_means_of_the_members_and_add_up() -> None:
    grown = members(3)
    trees = read_trees(average_boosters(grown))
    told = trees.contributions(REST.matrix[:200])
    mean = np.mean([member.predict(REST.matrix[:200], pred_contrib=True) for member in grown], axis=0)
    assert told == pytest.approx(mean, abs=1e-12)
    assert told.sum(axis=1) == pytest.approx(trees.margin(REST.matrix[:200]), abs=1e-10)


def test_the_kernel_sums_the_trees_of_all_members_as_lightgbm_does() -> None:
    trees = read_trees(average_boosters(members(3)))
    assert np.array_equal(trees.margin(REST.matrix), trees.booster.predict(REST.matrix, raw_score=True))


def test_the_text_of_the_whole_is_the_same_once_read_again() -> None:
    text = average_boosters(members(3)).model_to_string(num_iteration=-1)
    assert lightgbm.Booster(model_str=text).model_to_string(num_iteration=-1) == text


def test_members_differ_and_the_first_is_the_one_that_stood_alone() -> None:
    alone, (first, second) = members(1)[0], members(2)
    assert first.model_to_string() == alone.model_to_string()
    assert second.model_to_string() != first.model_to_string()


def test_the_same_seed_gives_the_same_members() -> None:
    texts = [average_boosters(trained_members(3, seed)).model_to_string(num_iteration=-1) for seed in (7, 7, 8)]
    assert texts[0] == texts[1] != texts[2]


def test_a_booster_of_all_rows_has_some_more_trees_than_those_of_all_folds_but_one() -> None:
    assert full_data_rounds(120, replace(SETTINGS, folds=4)) == 140
    assert full_data_rounds(120, replace(SETTINGS, folds=2)) == 180


def test_only_the_leaves_of_the_first_member_are_uncertain() -> None:
    head = train_head(FIRST, SCHEMA, replace(SETTINGS, members=3), seed=0).head
    places = head.trees.leaf_indices(REST.matrix)
    first = len(head.trees.offsets) // 3
    assert len(head.posterior.deviations) == head.trees.offsets[first]
    assert head.posterior.spread(places) == pytest.approx(head.posterior.spread(places[:, :first]))
    assert (head.posterior.spread(places) > 0.0).all()


def test_growing_again_on_the_same_rows_gives_the_same_head() -> None:
    head = trained_head().rescaled(1.5)
    again = retrain_head(head, FIRST, SCHEMA, SETTINGS, seed=0)
    assert again.trees.booster.model_to_string() == head.trees.booster.model_to_string()
    assert np.array_equal(again.posterior.deviations, head.posterior.deviations)
    assert again.posterior.scale == head.posterior.scale


def test_growing_again_on_more_rows_keeps_what_rests_on_customers_not_seen() -> None:
    head = trained_head()
    whole = noise(3_000, seed=5).sample
    again = retrain_head(head, whole, SCHEMA, SETTINGS, seed=0)
    assert again.calibration is head.calibration
    assert again.heterogeneity is head.heterogeneity
    assert len(again.trees.offsets) == len(head.trees.offsets)
    assert not np.array_equal(again.trees.margin(REST.matrix), head.trees.margin(REST.matrix))
