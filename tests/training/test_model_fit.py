from dataclasses import replace

import numpy as np
import pytest

from tests.training.modelling import SCHEMA, SETTINGS, noise, quarters
from training.errors import TrainingError
from training.features.schema import FeatureSchema
from training.model.fit import Sample, fit_booster, parameters
from training.model.split import Part

PARTS = quarters(noise(4_000, seed=2).sample)


def fitted(fit: Sample = PARTS[Part.FIT], seed: int = 0, **changed: float):
    return fit_booster(fit, PARTS[Part.STOP], SCHEMA, replace(SETTINGS, **changed), seed)


def test_the_same_seed_grows_the_same_trees_whatever_the_threads() -> None:
    one, again, two = fitted(), fitted(), fitted(threads=2)
    assert one.model_to_string() == again.model_to_string()
    rows = PARTS[Part.TEST].matrix
    assert np.array_equal(one.predict(rows), two.predict(rows))


def test_growing_stops_when_the_stop_part_sees_no_more_progress() -> None:
    booster = fitted(trees=400, learning_rate=0.3)
    assert booster.num_trees() < 100


def test_the_booster_beats_the_base_rate_on_rows_it_has_not_seen() -> None:
    test = PARTS[Part.TEST]
    said, rate = fitted().predict(test.matrix), PARTS[Part.FIT].label.mean()
    loss = -np.mean(np.where(test.label, np.log(said), np.log1p(-said)))
    assert loss < -np.mean(np.where(test.label, np.log(rate), np.log1p(-rate)))


def test_categories_are_split_as_categories() -> None:
    dumped = fitted().model_to_string()
    assert "num_cat=1" in dumped or "num_cat=2" in dumped


def test_leaves_stand_for_more_rows_where_there_are_more() -> None:
    assert [parameters(rows, SETTINGS, 0)["min_data_in_leaf"] for rows in (100, 30_000, 10**6)] == [20, 100, 400]


@pytest.mark.parametrize(("kept", "said"), [(0, "0 of"), (19, "19 of")], ids=["no outcome", "nineteen outcomes"])
def test_too_few_outcomes_are_refused_with_their_number(kept: int, said: str) -> None:
    label = np.zeros(len(PARTS[Part.FIT]), dtype=bool)
    label[:kept] = True
    with pytest.raises(
        TrainingError, match=rf"almost never or always in `outcomes`: `{said} 2400 contacts.*at least 20"
    ):
        fitted(Sample(PARTS[Part.FIT].matrix, label))


def test_data_without_features_are_refused() -> None:
    bare = Sample(np.empty((100, 0)), np.arange(100) % 2 == 0)
    with pytest.raises(TrainingError, match="no feature tells contacts apart"):
        fit_booster(bare, bare, FeatureSchema(()), SETTINGS, 0)
