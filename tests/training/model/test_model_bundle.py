import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heed.decisioning.errors import InvalidInput
from heed.training.errors import TrainingError
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import CARD, HARM, SCORING_FILES, load_bundle, save_bundle, with_digest
from heed.training.model.model_card import ModelCard
from heed.training.model.split import Part
from heed.training.model.train_head import train_head
from tests.support.small_model import SETTINGS, bundle, card, facts, prepared, trained_heads


def remade(**changed: object) -> Bundle:
    return with_digest(replace(bundle(), **changed))


def rescaled(factor: float) -> Bundle:
    return remade(head=bundle().head.rescaled(factor))


def bits(array: np.ndarray) -> bytes:
    return np.ascontiguousarray(array).tobytes()


def test_scores_have_one_entry_per_action_and_hold_beside_them() -> None:
    scores = bundle().score(facts(), bundle().catalogue.actions)
    count, draws = len(bundle().catalogue.actions), bundle().head.posterior.deviations.shape[1]
    assert scores.propensity.shape == scores.low.shape == scores.high.shape == (count,)
    assert scores.propensity_draws.shape == (count, draws)
    assert scores.hold is not None
    assert scores.uplift_draws is not None
    assert scores.uplift_draws.shape == scores.propensity_draws.shape
    assert 0.0 < scores.hold < 1.0
    assert scores.harm is not None
    assert scores.harm_draws is not None
    assert scores.harm.shape == (count,)
    assert scores.harm_draws.shape == (count, draws)
    assert ((scores.harm > 0.0) & (scores.harm < 0.5)).all()


def test_an_uplift_lies_inside_its_interval_and_is_the_difference_put_right() -> None:
    scores, line = bundle().score(facts(), bundle().catalogue.actions), bundle().uplift
    assert line is not None
    assert scores.hold is not None
    assert (scores.uplift_low < scores.uplift).all()
    assert (scores.uplift < scores.uplift_high).all()
    stated = line.corrected(bundle().catalogue.actions, scores.propensity - scores.hold)
    assert scores.uplift == pytest.approx(stated, abs=1e-12)


def test_without_a_model_of_harm_none_is_stated() -> None:
    scores = remade(harm=None).score(facts(), bundle().catalogue.actions)
    assert scores.harm is None
    assert scores.harm_draws is None


def test_probabilities_lie_inside_their_intervals_and_these_inside_0_and_1() -> None:
    for place in range(20):
        scores = bundle().score(facts(place), bundle().catalogue.actions)
        assert (scores.low > 0.0).all()
        assert (scores.low < scores.propensity).all()
        assert (scores.propensity < scores.high).all()
        assert (scores.high < 1.0).all()


def test_draws_spread_around_the_propensity_as_the_interval_says() -> None:
    asked = [bundle().score(facts(place), bundle().catalogue.actions) for place in range(40)]
    propensity, low, high = (
        np.concatenate([getattr(one, name) for one in asked]) for name in ("propensity", "low", "high")
    )
    draws = np.concatenate([one.propensity_draws for one in asked])
    inside = (draws >= low[:, None]) & (draws <= high[:, None])
    assert inside.mean() == pytest.approx(0.90, abs=0.02)
    assert draws.mean() == pytest.approx(propensity.mean(), rel=0.10)


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
    sample = prepared().samples[Part.TEST]
    margin = trained_heads().head.trees.booster.predict(sample.matrix, raw_score=True)
    calibration = trained_heads().head.calibration
    stated = calibration.probability(margin, calibration.offsets.of_rows(sample.pooling_groups))
    assert bundle().score_frame(sample.matrix, sample.pooling_groups)[0] == pytest.approx(stated, rel=1e-12)
    assert bits(bundle().score_frame(sample.matrix)[0]) == bits(
        bundle().score_frame(sample.matrix, sample.pooling_groups)[0]
    )


def test_a_frame_of_many_rows_scores_as_its_blocks_do() -> None:
    matrix = np.tile(prepared().samples[Part.TEST].matrix, (4, 1))
    whole = bundle().score_frame(matrix)
    assert len(matrix) > 8_192
    for found, again in zip(whole, bundle().score_frame(matrix[5_000:5_007]), strict=True):
        assert bits(found[5_000:5_007]) == bits(again)
    assert [len(part) for part in bundle().score_frame(matrix[:0])] == [0, 0, 0]


def test_a_wider_posterior_widens_every_interval_and_moves_no_propensity() -> None:
    matrix = prepared().samples[Part.TEST].matrix[:200]
    (first, low, high), (second, lower, higher) = (model.score_frame(matrix) for model in (bundle(), rescaled(1.5)))
    assert bits(first) == bits(second)
    assert (lower < low).all()
    assert (higher > high).all()


def test_without_hold_rows_there_is_no_uplift() -> None:
    scores = remade(uplift=None).score(facts(), bundle().catalogue.actions)
    assert scores.hold is None
    assert scores.uplift is None
    assert bits(scores.propensity) == bits(bundle().score(facts(), bundle().catalogue.actions).propensity)


def test_an_action_of_another_outcome_is_refused_by_name() -> None:
    other = replace(bundle().catalogue.actions[0], action_id="survey", outcome="answer")
    with pytest.raises(InvalidInput, match=r"probability of `conversion`.*`survey`: `answer`.*train a model"):
        bundle().score(facts(), [other])


@pytest.mark.slow
def test_learning_twice_gives_the_same_bundle() -> None:
    again = train_head(prepared().samples[Part.FIT], prepared().schema, SETTINGS, seed=0)
    assert remade(head=again.head).digest == bundle().digest


def test_a_stored_bundle_scores_and_explains_to_the_last_bit_as_before(tmp_path: Path) -> None:
    save_bundle(bundle(), tmp_path / "deep" / "bundle")
    found = load_bundle(tmp_path / "deep" / "bundle")
    actions = found.catalogue.actions
    assert actions == bundle().catalogue.actions
    assert found.digest == bundle().digest
    assert found.card == bundle().card
    for place in range(5):
        before, after = bundle().score(facts(place), actions), found.score(facts(place), actions)
        assert bits(before.propensity_draws) == bits(after.propensity_draws)
        assert bits(before.low) == bits(after.low)
        assert before.hold == after.hold
        assert bits(before.uplift_draws) == bits(after.uplift_draws)
        assert bits(before.harm_draws) == bits(after.harm_draws)
        assert before.explain([0, 1]) == after.explain([0, 1])


def test_the_digest_speaks_of_what_decides_and_not_of_the_card() -> None:
    assert remade(card=card(name="other")).digest == bundle().digest
    assert rescaled(1.01).digest != bundle().digest
    assert remade(uplift=None).digest != bundle().digest
    assert remade(harm=None).digest != bundle().digest


@pytest.mark.parametrize("name", [*SCORING_FILES, f"{HARM}booster.txt", f"{HARM}deviations.npy"])
def test_a_changed_file_is_refused(name: str, tmp_path: Path) -> None:
    save_bundle(bundle(), tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / name).write_bytes(bytes(content))
    with pytest.raises(TrainingError, match="a file of the bundle was changed"):
        load_bundle(tmp_path)


@pytest.mark.parametrize("name", [*SCORING_FILES, CARD])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    save_bundle(bundle(), tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(TrainingError, match=rf"cannot be read.*{name}`; give the directory of a complete bundle"):
        load_bundle(tmp_path)


def test_a_bundle_holds_plain_files_only(tmp_path: Path) -> None:
    save_bundle(bundle(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        *SCORING_FILES,
        f"{HARM}booster.txt",
        f"{HARM}deviations.npy",
        CARD,
    }
    assert not any(path.read_bytes().startswith(b"\x80") for path in tmp_path.iterdir())


def test_a_card_with_an_unknown_field_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"not a model card.*surprise"):
        ModelCard.from_dict({**json.loads(json.dumps(card().to_dict())), "surprise": 1})


def test_warming_changes_no_score() -> None:
    before = bundle().score(facts(), bundle().catalogue.actions)
    bundle().warm()
    assert bits(bundle().score(facts(), bundle().catalogue.actions).propensity) == bits(before.propensity)
