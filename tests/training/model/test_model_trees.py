import lightgbm
import numpy as np
import pytest

from heed.training.errors import TrainingError
from heed.training.model.booster import fit_ensemble
from heed.training.model.ensemble import average_boosters
from heed.training.model.split import Part
from heed.training.model.trees import Trees, read_trees
from tests.support.small_model import SCHEMA, SETTINGS, bundle, halves, noise, prepared


def of_noise() -> tuple[Trees, np.ndarray]:
    first, second = halves(noise(4_000, seed=1).sample)
    return read_trees(average_boosters(fit_ensemble(first, SCHEMA, SETTINGS, 30, 0))), second.matrix


def of_world() -> tuple[Trees, np.ndarray]:
    return bundle().head.trees, prepared().samples[Part.TEST].matrix


def of_a_single_leaf() -> tuple[Trees, np.ndarray]:
    rows = np.random.default_rng(0).normal(size=(40, 2))
    label = (np.arange(40) % 4 == 0).astype(float)
    settings = {"objective": "binary", "min_data_in_leaf": 40, "verbose": -1}
    return read_trees(lightgbm.train(settings, lightgbm.Dataset(rows, label), 3)), rows


@pytest.mark.parametrize("made", [of_noise, of_world, of_a_single_leaf])
def test_margins_are_those_of_lightgbm_to_the_last_bit(made) -> None:
    trees, rows = made()
    assert np.array_equal(trees.margin(rows), trees.booster.predict(rows, raw_score=True))


@pytest.mark.parametrize("made", [of_noise, of_world, of_a_single_leaf])
def test_leaves_and_contributions_are_those_of_lightgbms_own_method(made) -> None:
    trees, rows = made()
    assert np.array_equal(trees.leaves(rows), trees.booster.predict(rows, pred_leaf=True))
    assert np.array_equal(trees.contributions(rows[:50]), trees.booster.predict(rows[:50], pred_contrib=True))


def test_a_row_scores_the_same_alone_and_in_company() -> None:
    trees, rows = of_noise()
    alone = np.concatenate([trees.margin(rows[place : place + 1]) for place in range(30)])
    assert np.array_equal(alone, trees.margin(rows)[:30])


def test_rows_may_come_in_any_memory_layout() -> None:
    trees, rows = of_noise()
    assert np.array_equal(trees.margin(np.asfortranarray(rows)), trees.margin(rows))


def test_rows_of_another_width_are_refused_before_lightgbm_reads_beyond_them() -> None:
    trees, rows = of_noise()
    with pytest.raises(TrainingError, match=r"do not fit the model.*\(10, 3\).*rows of 4 features"):
        trees.leaves(rows[:10, :3])
