import warnings

import numpy as np
import pytest

from heed.decisioning.score import Explanation
from heed.training.model.calibrators.curve import straight_line
from heed.training.model.explanation import explain_row
from heed.training.model.log_odds import probability
from heed.training.model.split import Part
from tests.support.small_model import SCHEMA, bundle, facts, prepared


def rows(count: int) -> np.ndarray:
    return prepared().samples[Part.TEST].matrix[:count]


def explained(effects: list[float], margin_base: float = -2.0) -> Explanation:
    curve = straight_line(0.8, 0.1)
    shares = np.array([*effects, margin_base])
    log_odds = float(curve(shares.sum(keepdims=True))[0])
    row = np.array([1.5, np.nan, 3.0, 2.0])
    return explain_row(row, shares, 0.0, log_odds, float(probability(np.array([log_odds]))[0]), curve, SCHEMA)


def shap_values(booster: object, matrix: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        # shap sets its colour maps up by calls that matplotlib will drop.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        from shap import TreeExplainer
    return np.asarray(TreeExplainer(booster)(matrix).values)


def test_effects_are_those_of_shaps_tree_explainer_on_margins() -> None:
    model = bundle()
    booster, curve = model.head.trees.booster, model.head.calibration.curve
    expected = shap_values(booster, rows(20))
    margins = booster.predict(rows(20), raw_score=True)
    for given, wanted, margin in zip(model.explain_frame(rows(20)), expected, margins, strict=True):
        start = margin - wanted.sum()
        stretch = float(np.diff(curve(np.array([start, margin])))[0]) / (margin - start)
        found = {one.feature: one.log_odds / stretch for one in given.contributions}
        assert [found.get(name, 0.0) for name in model.schema.names] == pytest.approx(wanted, abs=1e-6)


def test_log_odds_and_points_add_up_to_what_was_served() -> None:
    for one in bundle().explain_frame(rows(200)):
        assert one.base_log_odds + sum(part.log_odds for part in one.contributions) == pytest.approx(
            one.log_odds, abs=1e-9
        )
        total = one.base_probability + sum(part.points for part in one.contributions) / 100.0
        assert total == pytest.approx(one.probability, abs=1e-9)


def test_the_explained_probability_is_the_served_one_to_the_last_bit() -> None:
    model, asked = bundle(), facts()
    actions = model.catalogue.actions
    served = model.score(asked, actions).propensity
    everything = range(len(actions))
    explain = model.score(asked, actions).explain
    assert [one.probability for one in explain(everything)] == list(served)
    assert explain([3])[0] == explain(everything)[3]


def test_the_base_is_the_same_for_every_customer() -> None:
    scores = [bundle().score(facts(place), bundle().catalogue.actions[:1]) for place in range(9)]
    assert len({one.explain([0])[0].base_probability for one in scores}) == 1


def test_the_largest_effect_comes_first_and_equals_stand_by_name() -> None:
    order = [one.feature for one in explained([0.2, -0.2, 0.5, -0.2]).contributions]
    assert order == ["customer.c", "customer.a", "customer.b", "customer.kind"]


def test_features_that_change_nothing_are_left_out() -> None:
    assert [one.feature for one in explained([0.0, 0.3, 0.0, 0.0]).contributions] == ["customer.b"]


def test_values_are_told_in_words() -> None:
    told = {one.feature: one.value for one in explained([0.1, 0.1, 0.1, 0.1]).contributions}
    assert told == {"customer.a": 1.5, "customer.b": None, "customer.c": 3, "customer.kind": "three"}


def test_points_have_the_sign_and_order_of_their_log_odds() -> None:
    parts = explained([0.9, -0.4, 0.2, -0.1]).contributions
    assert [np.sign(one.points) for one in parts] == [np.sign(one.log_odds) for one in parts]
    assert [abs(one.points) for one in parts] == sorted((abs(one.points) for one in parts), reverse=True)


@pytest.mark.parametrize("apart", [0.0, 1e-13, 1e-7, 1e-5])
def test_effects_that_cancel_out_still_have_the_slope_of_the_curve(apart: float) -> None:
    one = explained([0.5, -0.5 + apart, 0.0, 0.0])
    tangent = one.base_probability * (1.0 - one.base_probability)
    assert one.contributions[0].points == pytest.approx(100.0 * tangent * one.contributions[0].log_odds, rel=1e-4)
    total = one.base_probability + sum(part.points for part in one.contributions) / 100.0
    assert total == pytest.approx(one.probability, abs=1e-9)
