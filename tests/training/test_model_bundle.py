import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from decisioning.errors import InvalidInput
from tests.training.modelling import SETTINGS, bundle, card, facts, learnt, prepared
from training.errors import TrainingError
from training.model.card import Card
from training.model.learn import learn, stretched
from training.model.split import Part
from training.model.storage import CARD, DECISIVE, load, make_bundle, save


def remade(model=None, **changed):
    first = bundle()
    kept = {"outcome": first.outcome, "learns_uplift": first.learns_uplift, "card": first.card}
    return make_bundle(model or learnt(), first.schema, first.catalogue, **(kept | changed))


def bits(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def test_scores_have_one_entry_per_action_and_hold_beside_them() -> None:
    scores = bundle().score(facts(), bundle().catalogue.actions)
    count, draws = len(bundle().catalogue.actions), bundle().posterior.deviations.shape[1]
    assert scores.propensity.shape == scores.low.shape == scores.high.shape == (count,)
    assert scores.propensity_draws.shape == (count, draws)
    assert scores.hold is not None
    assert scores.uplift_draws is not None
    assert scores.uplift_draws.shape == scores.propensity_draws.shape
    assert 0.0 < scores.hold < 1.0
    assert scores.harm is None


def test_probabilities_lie_inside_their_intervals_and_these_inside_0_and_1() -> None:
    for place in range(20):
        scores = bundle().score(facts(place), bundle().catalogue.actions)
        assert (scores.low > 0.0).all()
        assert (scores.low < scores.propensity).all()
        assert (scores.propensity < scores.high).all()
        assert (scores.high < 1.0).all()


def test_draws_spread_around_the_propensity_as_the_interval_says() -> None:
    propensity, low, high = bundle().score_frame(prepared().samples[Part.TEST].matrix[:400])
    draws = bundle().serve(prepared().samples[Part.TEST].matrix[:400])[4]
    inside = (draws >= low[:, None]) & (draws <= high[:, None])
    assert inside.mean() == pytest.approx(0.90, abs=0.02)
    assert np.median(draws, axis=1).mean() == pytest.approx(propensity.mean(), rel=0.05)


def test_a_candidate_scores_the_same_alone_in_company_and_in_any_order() -> None:
    model, asked = bundle(), facts(3)
    actions = model.catalogue.actions
    together, turned = model.score(asked, actions), model.score(asked, actions[::-1])
    assert bits(together.propensity_draws) == bits(turned.propensity_draws[::-1])
    assert bits(together.propensity) == bits(turned.propensity[::-1])
    for place, action in enumerate(actions):
        alone = model.score(asked, [action])
        assert alone.propensity[0] == together.propensity[place]
        assert (alone.low[0], alone.high[0]) == (together.low[place], together.high[place])
        assert alone.hold == together.hold


def test_the_same_customer_scores_what_the_training_matrix_scores() -> None:
    matrix = prepared().samples[Part.TEST].matrix[:5_000]
    margin = learnt().trees.booster.predict(matrix, raw_score=True)
    assert bundle().score_frame(matrix)[0] == pytest.approx(learnt().calibration.probability(margin), rel=1e-12)


def test_a_frame_of_many_rows_scores_as_its_blocks_do() -> None:
    matrix = np.tile(prepared().samples[Part.TEST].matrix, (4, 1))
    whole = bundle().score_frame(matrix)
    assert len(matrix) > 8_192
    for found, again in zip(whole, bundle().score_frame(matrix[5_000:5_007]), strict=True):
        assert bits(found[5_000:5_007]) == bits(again)
    assert [len(part) for part in bundle().score_frame(matrix[:0])] == [0, 0, 0]


def test_a_wider_posterior_widens_every_interval_and_moves_no_propensity() -> None:
    matrix = prepared().samples[Part.TEST].matrix[:200]
    (first, low, high), (second, lower, higher) = (
        model.score_frame(matrix) for model in (bundle(), remade(stretched(learnt(), 1.5)))
    )
    assert bits(first) == bits(second)
    assert (lower < low).all()
    assert (higher > high).all()


def test_without_hold_rows_there_is_no_uplift() -> None:
    scores = remade(learns_uplift=False).score(facts(), bundle().catalogue.actions)
    assert scores.hold is None
    assert scores.uplift is None
    assert bits(scores.propensity) == bits(bundle().score(facts(), bundle().catalogue.actions).propensity)


def test_an_action_of_another_outcome_is_refused_by_name() -> None:
    other = replace(bundle().catalogue.actions[0], action_id="survey", outcome="answer")
    with pytest.raises(InvalidInput, match=r"probability of `conversion`.*`survey`: `answer`.*train a model"):
        bundle().score(facts(), [other])


def test_learning_twice_gives_the_same_bundle() -> None:
    again = learn(prepared().samples, prepared().schema, SETTINGS, seed=0)
    assert remade(again).digest == bundle().digest


def test_a_stored_bundle_scores_and_explains_to_the_last_bit_as_before(tmp_path: Path) -> None:
    save(bundle(), tmp_path / "deep" / "bundle")
    found = load(tmp_path / "deep" / "bundle")
    actions = found.catalogue.actions
    assert actions == bundle().catalogue.actions
    assert found.digest == bundle().digest
    assert found.card == bundle().card
    for place in range(5):
        before, after = bundle().score(facts(place), actions), found.score(facts(place), actions)
        assert bits(before.propensity_draws) == bits(after.propensity_draws)
        assert bits(before.low) == bits(after.low)
        assert before.hold == after.hold
        assert before.explain([0, 1]) == after.explain([0, 1])


def test_the_digest_speaks_of_what_decides_and_not_of_the_card() -> None:
    assert remade(card=card(name="other")).digest == bundle().digest
    assert remade(stretched(learnt(), 1.01)).digest != bundle().digest
    assert remade(learns_uplift=False).digest != bundle().digest


@pytest.mark.parametrize("name", DECISIVE)
def test_a_changed_file_is_refused(name: str, tmp_path: Path) -> None:
    save(bundle(), tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(bytes(content))
    with pytest.raises(TrainingError, match="a file of the bundle was changed"):
        load(tmp_path)


@pytest.mark.parametrize("name", [*DECISIVE, CARD])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    save(bundle(), tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(TrainingError, match=rf"cannot be read.*{name}`; give the directory of a whole bundle"):
        load(tmp_path)


def test_a_bundle_holds_plain_files_only(tmp_path: Path) -> None:
    save(bundle(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*DECISIVE, CARD}
    assert not any(path.read_bytes().startswith(b"\x80") for path in tmp_path.iterdir())


def test_a_card_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"not a model card.*surprise"):
        Card.from_dict({**json.loads(json.dumps(card().to_dict())), "surprise": 1})


def test_warming_changes_no_score() -> None:
    before = bundle().score(facts(), bundle().catalogue.actions)
    bundle().warm()
    assert bits(bundle().score(facts(), bundle().catalogue.actions).propensity) == bits(before.propensity)
