"""Certificates of a small world: what they rest on, what they say, and when there is none."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from heed.decisioning.catalogue import HOLD
from heed.decisioning.certificate import Loss
from heed.decisioning.errors import InvalidInput
from heed.decisioning.net_value_digest import net_value_digest
from heed.training.certificate.decision_points import random_order
from heed.training.certificate.learn_then_test import GRID
from heed.training.certificate.request import CertificateRequest
from heed.training.certificate.risk import decision_points
from heed.training.errors import TrainingError
from heed.training.evaluation.policy_choices import choose_actions
from heed.training.model.certificate_json import certificate_from_dict, certificate_to_dict
from tests.support.certificates import certificate
from tests.support.certified_model import TERMS, certify_small_model, eval_data, unlogged
from tests.support.small_model import bundle, prepared


def test_a_certificate_says_what_it_rests_on():
    made = certify_small_model(alpha=0.3).certificate
    assert made.loss is Loss.HARM
    assert (made.alpha, made.delta, made.grid) == (0.3, 0.1, GRID)
    assert made.threshold in GRID
    assert (made.data_digest, made.model_digest) == (prepared().data.digest, bundle().digest)
    assert made.weighing == net_value_digest(TERMS, bundle().catalogue.actions)
    assert made.valid_until - made.certified_at == timedelta(days=90)
    assert made.evidence.contacts <= len(eval_data().rows)
    assert made.evidence.risk < made.evidence.upper <= 0.3
    assert made.method == "betting"
    words = " ".join(made.assumptions)
    for said in (
        "exchangeable",
        "harm cost 20",
        "tolerance 0.1",
        "Guardrails are not applied",
        "repeated attempts",
        "test set",
        "opt_out",
    ):
        assert said in words


def test_harm_is_looked_for_in_the_contacts_that_heed_would_have_made():
    points = decision_points(Loss.HARM, eval_data(), clip=20.0)
    same = eval_data().choices.action_id == eval_data().action
    np.testing.assert_array_equal(points.executed, same & (eval_data().action != HOLD))
    np.testing.assert_allclose(points.weight, np.minimum(1.0 / eval_data().logged, 20.0))
    mine = points.executed & (points.confidence >= 0.5)
    by_hand = (points.weight * points.loss)[mine].sum() / points.weight[mine].sum()
    assert points.at(0.5, random_order(points, 0)).risk == pytest.approx(by_hand)


def test_regret_is_right_on_average():
    """Against the world's truth: what holding would have brought less what acting would have."""
    points = decision_points(Loss.REGRET, eval_data(), clip=1e9)
    made, rows = eval_data().choices, np.arange(len(eval_data().rows))
    gain = np.where(made.action_id == eval_data().action, -points.loss * eval_data().logged, np.nan)
    acted = np.isfinite(gain) & (made.chosen >= 0)
    worth = np.array([one.value for one in made.actions])[made.chosen]
    cost = np.array([one.cost for one in made.actions])[made.chosen]
    expected = worth * eval_data().label - 20.0 * eval_data().harmed - cost
    np.testing.assert_allclose(gain[acted], expected[acted])
    held = (eval_data().action == HOLD) & (made.chosen >= 0)
    np.testing.assert_allclose((points.loss * eval_data().logged)[held], (worth * eval_data().label)[held])
    others = points.executed & ~acted & ~held
    assert (points.loss[others] == 0.0).all()
    assert acted.sum() + held.sum() + others.sum() == (made.chosen >= 0).sum() <= len(rows)
    assert (points.loss <= points.bound).all()


def test_without_propensities_customers_are_counted():
    made = certify_small_model(unlogged(), alpha=0.2).certificate
    assert made.method == "binomial"
    assert "Not every contact has a propensity" in " ".join(made.assumptions)
    assert "counts once, by a random one of the contacts" in " ".join(made.assumptions)


@pytest.mark.parametrize(
    ("given", "options", "sentence"),
    [
        (unlogged, {"alpha": 0.0001}, r"Too few contacts: \d+ customers .* takes about 23,025 without any loss"),
        (eval_data, {"alpha": 0.0001}, r"Too few contacts: \d+ customers .* takes about [\d,]+ without any loss"),
        (
            lambda: unlogged(harmed=np.ones(len(eval_data().rows), dtype=bool)),
            {"alpha": 0.2},
            r"customers show a mean loss of 100 %.* too much, or too uncertain, to certify at most 20 %",
        ),
    ],
    ids=["too few", "too few by their weights", "too much harm"],
)
def test_where_nothing_can_be_certified_it_is_said_what_it_would_take(given, options, sentence):
    nothing = certify_small_model(given(), **options)
    assert nothing.certificate is None
    assert re.search(sentence, nothing.sentence), nothing.sentence
    assert len(nothing.curve) > 10


def test_harm_that_more_customers_could_certify_says_how_many():
    same = eval_data().choices.action_id == eval_data().action
    sure = replace(eval_data().choices, confidence=np.full(len(same), 0.9))
    given = unlogged(harmed=same & (np.cumsum(same) % 3 == 0), choices=sure)
    seen = certify_small_model(given, alpha=0.001).curve[-1].risk
    nothing = certify_small_model(given, alpha=seen + 0.01)
    assert nothing.certificate is None
    assert re.search(r"At this loss it takes about [\d,]+ such customers to certify at most", nothing.sentence)


def test_harm_that_nobody_recorded_is_not_certified_away():
    data = eval_data().data
    mute = replace(data, outcomes=data.outcomes[data.outcomes["type"] == "conversion"])
    with pytest.raises(TrainingError, match="no harm is recorded, which does not mean that there was none"):
        certify_small_model(replace(eval_data(), data=mute))


def test_regret_needs_to_know_holding():
    with pytest.raises(TrainingError, match="cannot compare acting with holding"):
        certify_small_model(unlogged(), loss=Loss.REGRET)
    contacted = replace(eval_data(), action=np.where(eval_data().action == HOLD, "other", eval_data().action))
    with pytest.raises(TrainingError, match="cannot compare acting with holding"):
        certify_small_model(contacted, loss=Loss.REGRET)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 1.0}, "alpha"),
        ({"alpha": -1.0, "loss": Loss.REGRET}, "alpha"),
        ({"delta": 0.0}, "delta"),
        ({"days": 0.0}, "days"),
        ({"clip": 1.0}, "clip"),
    ],
    ids=["no harm at all", "any harm", "a sure gain", "never wrong", "never valid", "all weights alike"],
)
def test_what_cannot_be_asked_for_is_refused(options, field):
    with pytest.raises(InvalidInput, match=rf"not a valid certificate request in `{field}`"):
        CertificateRequest(**options)


def test_a_certificate_survives_being_stored():
    for made in (certify_small_model(alpha=0.3).certificate, certificate()):
        assert certificate_from_dict(json.loads(json.dumps(certificate_to_dict(made)))) == made
    with pytest.raises(TrainingError, match="not a certificate"):
        certificate_from_dict({**certificate_to_dict(certificate()), "loss": "luck"})
    with pytest.raises(TrainingError, match="not a certificate"):
        certificate_from_dict(
            {name: value for name, value in certificate_to_dict(certificate()).items() if name != "delta"}
        )


def test_choices_are_made_among_the_whole_catalogue_as_in_service():
    some = choose_actions(bundle(), eval_data().data, eval_data().rows, TERMS, bundle().catalogue.actions[:3])
    narrow = replace(eval_data(), choices=some)
    assert repr(certify_small_model(narrow, alpha=0.3)) == repr(certify_small_model(alpha=0.3))


def test_the_same_question_gets_the_same_answer():
    assert repr(certify_small_model(alpha=0.1)) == repr(certify_small_model(alpha=0.1))
