"""What would be chosen in bulk is what the pure decision chooses one by one."""

from dataclasses import replace

import numpy as np
import pytest

from heed.decisioning.arbitration import choose, confidence, ranking, shortfall
from heed.decisioning.catalogue import HOLD
from heed.decisioning.value import ValueTerms, net_value_draws
from heed.training.evaluation.policy_choices import HOLD_INDEX, best_action, choose_actions, score_offers
from heed.training.features.feature_matrix import candidate_matrix, training_matrix
from heed.training.model.split import Part
from tests.support.doubles import action
from tests.support.small_model import bundle, prepared

ROWS = np.arange(300)


def test_the_matrix_of_offers_holds_the_rows_of_what_was_offered():
    data, schema = prepared().data, prepared().schema
    actions = bundle().catalogue.actions
    offered = candidate_matrix(schema, data, ROWS, actions, hold=True).reshape(len(ROWS), len(actions) + 1, -1)
    places = {one.action_id: place for place, one in enumerate(actions)} | {HOLD: len(actions)}
    taken = np.array([places[one] for one in data.contacts["action_id"].iloc[ROWS]])
    assert len(set(taken.tolist())) > 5
    np.testing.assert_array_equal(offered[np.arange(len(ROWS)), taken], training_matrix(schema, data, ROWS))


@pytest.mark.parametrize("tolerance", [0.0, 0.1], ids=["the best alone is good", "a tenth less is good enough"])
def test_choices_in_bulk_are_those_of_the_pure_decision(tolerance):
    model, data = bundle(), prepared().data
    terms = ValueTerms(levers={model.catalogue.actions[0].action_id: 2.0}, harm_cost=20.0, tolerance=tolerance)
    found = choose_actions(model, data, ROWS, terms)
    draws = np.concatenate([one.uplift_draws for one in score_offers(model, data, ROWS, found.actions)])
    worth = np.array([terms.levers.get(one.action_id, 1.0) * one.value for one in found.actions])
    costs = np.array([one.cost for one in found.actions])
    harms = np.concatenate([one.harm_draws for one in score_offers(model, data, ROWS, found.actions)])
    everything = [True] * len(found.actions)
    for row in range(len(ROWS)):
        chosen = choose(ranking(found.actions, found.net_value[row]), found.net_value[row], everything)
        drawn = worth[:, None] * draws[row] - 20.0 * harms[row] - costs[:, None]
        assert found.chosen[row] == (HOLD_INDEX if chosen is None else chosen)
        assert found.confidence[row] == confidence(drawn, chosen, everything, tolerance, model.trust)
        best_of_all = np.maximum(drawn.max(axis=0), 0.0)
        own = 0.0 if chosen is None else drawn[chosen]
        assert found.shortfall[row] == pytest.approx(np.mean(best_of_all - own), abs=1e-9)
        assert found.action_id[row] == (HOLD if chosen is None else found.actions[chosen].action_id)


def test_only_what_is_admitted_competes_as_in_the_pure_decision():
    model, data = bundle(), prepared().data
    terms, actions = ValueTerms(harm_cost=20.0, tolerance=0.1), model.catalogue.actions
    admitted = np.random.default_rng(0).random((len(ROWS), len(actions))) < 0.3
    admitted[:3] = False
    found = choose_actions(model, data, ROWS, terms, admitted=admitted)
    offered = list(score_offers(model, data, ROWS, actions))
    draws = np.concatenate([net_value_draws(actions, one, terms) for one in offered])
    for row in range(len(ROWS)):
        may = admitted[row].tolist()
        chosen = choose(ranking(actions, found.net_value[row]), found.net_value[row], may)
        assert found.chosen[row] == (HOLD_INDEX if chosen is None else chosen)
        assert found.confidence[row] == confidence(draws[row], chosen, may, 0.1, model.trust)
        assert found.shortfall[row] == pytest.approx(shortfall(draws[row], chosen, may), abs=1e-9)
    assert found.confidence[:3].tolist() == [1.0] * 3


def test_ties_break_as_in_the_pure_decision():
    dear, cheap, same = action("a", cost=2.0), action("c", cost=1.0), action("b", cost=1.0)
    values = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    assert best_action((dear, cheap, same), values).tolist() == [2, 1, HOLD_INDEX]


def test_choices_do_not_depend_on_their_company():
    model, data, rows = bundle(), prepared().data, prepared().contacts(Part.TEST)[:40]
    together, alone = choose_actions(model, data, rows), choose_actions(model, data, rows[7:8])
    assert alone.confidence[0] == together.confidence[7]
    np.testing.assert_array_equal(alone.net_value[0], together.net_value[7])


def test_without_hold_rows_the_choice_is_by_propensity():
    model = replace(bundle(), uplift=None, harm=None)
    found = choose_actions(model, prepared().data, ROWS[:50])
    assert found.uplift is None
    assert found.hold is None
    np.testing.assert_allclose(
        found.net_value,
        found.propensity * [one.value for one in found.actions] - np.array([one.cost for one in found.actions]),
    )
