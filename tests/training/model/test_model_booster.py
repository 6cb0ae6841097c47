from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from heed.training.errors import TrainingError
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.booster import BoosterSettings, cross_fit, fit_ensemble, lightgbm_parameters
from heed.training.model.ensemble import average_boosters
from heed.training.model.sample import Sample
from heed.training.model.split import Part
from heed.training.model.train_head import search_settings
from tests.support.small_model import SCHEMA, SETTINGS, halves, noise, prepared, single_action_sample

FIRST, REST = halves(noise(4_000, seed=2).sample)


def fitted(sample: Sample = FIRST, seed: int = 0, rounds: int = 40, **changed: float):
    return average_boosters(fit_ensemble(sample, SCHEMA, replace(SETTINGS, **changed), rounds, seed))


@cache
def crossed(sample: Sample = FIRST, seed: int = 0, **changed: float):
    return cross_fit(sample, SCHEMA, replace(SETTINGS, **changed), seed)


def log_loss(label: np.ndarray, said: np.ndarray) -> float:
    return float(-np.mean(np.where(label, np.log(said), np.log1p(-said))))


def test_the_same_seed_grows_the_same_trees() -> None:
    one, again, other = fitted(), fitted(), fitted(seed=1)
    assert one.model_to_string() == again.model_to_string()
    assert one.model_to_string() != other.model_to_string()


def test_cross_fitting_gives_the_same_however_many_folds_grow_at_once() -> None:
    one, two = crossed(workers=1), crossed(workers=2)
    assert np.array_equal(one.margin, two.margin)
    assert one.rounds == two.rounds


def test_growing_stops_when_unseen_customers_see_no_more_progress() -> None:
    found = crossed(trees=400, learning_rate=0.3)
    assert found.rounds < 100
    assert all(booster.current_iteration() < 200 for booster in found.boosters)


def test_a_cross_fitted_margin_is_by_the_booster_that_has_not_seen_the_customer() -> None:
    sample = replace(FIRST, customer=FIRST.customer // 3)
    found = crossed(sample)
    for number, booster in enumerate(found.boosters):
        mine = found.fold == number
        said = booster.predict(sample.matrix[mine], raw_score=True, num_iteration=found.rounds)
        assert np.array_equal(found.margin[mine], said)
        assert not set(sample.customer[mine]) & set(sample.customer[~mine])
    assert found.loss == pytest.approx(log_loss(sample.label, 1.0 / (1.0 + np.exp(-found.margin))), abs=1e-12)


def test_other_rows_of_the_same_customers_get_the_same_boosters() -> None:
    found = crossed()
    assert np.array_equal(found.margins(FIRST.matrix), found.margin)


def test_the_booster_beats_the_base_rate_on_rows_it_has_not_seen() -> None:
    rate = np.full(len(REST), FIRST.label.mean())
    assert log_loss(REST.label, fitted().predict(REST.matrix)) < log_loss(REST.label, rate)


def test_the_cross_fitted_loss_is_that_of_new_customers() -> None:
    found = crossed()
    new = log_loss(REST.label, fitted(rounds=found.rounds).predict(REST.matrix))
    assert found.loss == pytest.approx(new, abs=4 * 0.6 / np.sqrt(len(REST)))


def test_categories_are_split_as_categories() -> None:
    dumped = fitted().model_to_string()
    assert "num_cat=1" in dumped or "num_cat=2" in dumped


def test_leaves_stand_for_more_rows_where_there_are_more() -> None:
    assert [lightgbm_parameters(rows, SETTINGS, 0, SCHEMA)["min_data_in_leaf"] for rows in (100, 30_000, 10**6)] == [
        20,
        100,
        400,
    ]


@pytest.mark.parametrize(("kept", "said"), [(0, "0 of"), (19, "19 of")], ids=["no outcome", "nineteen outcomes"])
def test_too_few_outcomes_are_refused_with_their_number(kept: int, said: str) -> None:
    label = np.zeros(len(FIRST), dtype=bool)
    label[:kept] = True
    with pytest.raises(
        TrainingError, match=rf"almost never or always in `outcomes`: `{said} 2800 contacts.*at least 20"
    ):
        crossed(FIRST.with_labels(label))


def test_data_without_features_are_refused() -> None:
    bare = single_action_sample(np.empty((100, 0)), np.arange(100) % 2 == 0)
    with pytest.raises(TrainingError, match="no feature varies between contacts"):
        cross_fit(bare, FeatureSchema(()), SETTINGS, 0)


def test_the_search_goes_on_while_a_neighbour_does_better() -> None:
    found, losses = search_settings(FIRST, SCHEMA, SETTINGS, seed=0)
    tried = {name: loss for name, loss in losses.items() if name.startswith(f"leaves {found.leaves}, ")}
    assert min(losses.values()) == tried[f"leaves {found.leaves}, action emphasis {found.action_emphasis:g}"]
    assert losses[f"leaves {SETTINGS.leaves}, action emphasis 1"] == crossed().loss
    beside = {max(3, found.leaves // 2), 2 * found.leaves}
    assert all(f"leaves {size}, action emphasis {found.action_emphasis:g}" in losses for size in beside)
    assert replace(found, leaves=SETTINGS.leaves, action_emphasis=1.0) == SETTINGS


@pytest.mark.parametrize(
    ("found", "beside"),
    [(1.0, [3.0]), (3.0, [1.0, 12.0]), (12.0, [3.0])],
    ids=["the next from none", "one step down and one up", "none beyond the last"],
)
def test_the_emphasis_on_actions_is_changed_step_by_step(monkeypatch, found: float, beside: list[float]) -> None:
    tried = []

    def best_there(_rows: Sample, _of: FeatureSchema, settings: BoosterSettings, _seed: int) -> SimpleNamespace:
        tried.append(settings)
        return SimpleNamespace(loss=0.0 if settings == start else 1.0)

    start = replace(SETTINGS, action_emphasis=found)
    monkeypatch.setattr("heed.training.model.train_head.cross_fit", best_there)
    assert search_settings(FIRST, SCHEMA, start, seed=0)[0] == start
    assert [one.action_emphasis for one in tried if one.leaves == start.leaves and one != start] == beside


def test_emphasis_makes_splits_on_actions_count_for_more() -> None:
    data = prepared()
    kinds = [feature.source is FeatureSource.ACTION for feature in data.schema.features]
    plain, keen = (
        average_boosters(
            fit_ensemble(data.samples[Part.FIT], data.schema, replace(SETTINGS, action_emphasis=one), 40, 0)
        )
        for one in (1.0, 10.0)
    )
    assert keen.feature_importance()[kinds].sum() > plain.feature_importance()[kinds].sum()
