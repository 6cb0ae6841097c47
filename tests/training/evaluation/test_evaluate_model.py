"""Judging a model on any data of the contract, and the table from which anyone can judge it again."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from heed.decisioning.canonical import to_plain
from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import ContractError, InvalidInput
from heed.decisioning.value import ValueTerms
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames
from heed.training.errors import TrainingError
from heed.training.evaluation.assessment import Assessment, EvaluationRequest, assess_model
from heed.training.evaluation.cluster_ids import cluster_ids
from heed.training.evaluation.policy_choices import choose_actions
from heed.training.evaluation.predictions import encode_predictions, write_predictions
from heed.training.features.feature_matrix import training_matrix
from heed.training.model.bundle import Bundle
from heed.training.model.split import Part
from tests.support.session_cache import once_per_session
from tests.support.small_model import bundle, card, prepared

pytestmark = pytest.mark.slow

TERMS = ValueTerms(harm_cost=20.0, tolerance=0.1)


@cache
def own() -> Bundle:
    """The model, told that the small world's data are its own."""
    return replace(bundle(), card=card(data_digest=prepared().data.digest, base_rate=bundle().card.base_rate))


@once_per_session
def sealed() -> Assessment:
    return assess_model(
        own(), "1", prepared().data, request=EvaluationRequest(terms=TERMS, by=("segment", "age"), policy_values=True)
    )


def some(customers: int = 300, **changed: pd.DataFrame) -> EngagementData:
    """The data of a few customers, with some tables changed."""
    tables = dict(prepared().data.tables())
    who = tables["customers"]["customer_id"].iloc[:customers]
    few = {name: frame[frame["customer_id"].isin(who)] for name, frame in tables.items() if name != "actions"}
    return from_frames(**{"actions": tables["actions"], **few, **changed})


def test_of_its_own_data_the_sealed_part_alone_judges() -> None:
    found = sealed()
    assert found.test_set_only
    assert found.evaluation.overall.rows == len(prepared().samples[Part.TEST])
    np.testing.assert_array_equal(np.sort(found.eval_data.rows), np.sort(prepared().contacts(Part.TEST)))


def test_every_scorable_contact_is_in_the_table_with_its_part() -> None:
    frame = sealed().predictions
    assert len(frame) == len(prepared().data.contacts)
    parts = {part: prepared().data.contacts["contact_id"].iloc[prepared().contacts(part)] for part in Part}
    for part, contacts in parts.items():
        assert set(frame.loc[frame["part"] == part.value, "contact_id"]) == set(contacts)
    assert frame.loc[frame["part"] == "unseen", "outcome"].isna().all()


def test_every_figure_can_be_reckoned_again_from_the_table() -> None:
    frame = sealed().predictions
    test = frame[frame["part"] == "test"]
    assert log_loss(test["outcome"].astype(int), test["propensity"]) == pytest.approx(
        sealed().evaluation.overall.log_loss, abs=1e-12
    )
    per_action = sealed().evaluation.by_action[HOLD]
    assert test.loc[test["action_id"] == HOLD, "outcome"].mean() == pytest.approx(per_action.rate)


def test_harm_is_judged_among_contacts_and_can_be_reckoned_again() -> None:
    frame = sealed().predictions
    mine = frame[(frame["part"] == "test") & (frame["action_id"] != HOLD)]
    whole, *others = sealed().results.harm
    assert whole.rows == len(mine) == sum(one.rows for one in others)
    assert whole.propensity == pytest.approx(mine["harm"].mean())
    assert whole.rate.value == pytest.approx(mine["harmed"].mean())
    assert whole.gap.holds(0.0)


def test_the_table_says_what_the_model_says() -> None:
    frame, data = sealed().predictions, prepared().data
    rows = np.arange(len(data.contacts))
    stated = bundle().score_frame(training_matrix(bundle().schema, data, rows))
    for name, values in zip(("propensity", "low", "high"), stated, strict=True):
        np.testing.assert_array_equal(frame[name], values)
    one = bundle().catalogue.actions[0]
    mine = np.flatnonzero(frame["action_id"] == one.action_id)
    said = choose_actions(bundle(), data, mine, TERMS, [one])
    for name in ("uplift", "uplift_low", "uplift_high"):
        np.testing.assert_array_equal(frame[name].to_numpy()[mine], getattr(said, name)[:, 0])
    assert frame.loc[frame["action_id"] == HOLD, "uplift"].isna().all()


def test_the_chosen_action_is_the_models_own_choice_among_what_was_valid() -> None:
    found, data = sealed(), prepared().data
    rows = found.eval_data.rows[:40]
    rows_with_choices = found.predictions.iloc[rows]
    for row, (_, line) in zip(rows, rows_with_choices.iterrows(), strict=True):
        at = data.contacts["at"].iloc[row].to_pydatetime()
        taken = data.contacts["action_id"].iloc[row]
        open_ = [one for one in bundle().catalogue.actions if one.valid_at(at) or one.action_id == taken]
        alone = choose_actions(bundle(), data, np.array([row]), TERMS, open_)
        assert line["chosen_action"] == alone.action_id[0]
        assert line["confidence"] == alone.confidence[0]


def test_other_data_are_judged_in_full_and_count_as_unseen() -> None:
    found = assess_model(bundle(), "1", some())
    assert not found.test_set_only
    assert found.counts.judged + found.counts.immature == found.counts.scored == found.counts.contacts
    assert set(found.predictions["part"]) == {"unseen"}
    assert "chosen_action" not in found.predictions


def test_an_unknown_action_is_scored_by_what_it_has_in_common_and_counted() -> None:
    tables = dict(some().tables())
    actions, contacts = tables["actions"], tables["contacts"]
    known = actions["action_id"].iloc[0]
    fresh = pd.concat([actions, actions.iloc[:1].assign(action_id="brand_new", category="never_seen")])
    renamed = contacts.assign(action_id=contacts["action_id"].replace(known, "brand_new"))
    found = assess_model(bundle(), "1", from_frames(**tables | {"actions": fresh, "contacts": renamed}))
    count = int((contacts["action_id"] == known).sum())
    assert found.counts.unknown_actions == {"brand_new": count}
    assert found.predictions.loc[found.predictions["action_id"] == "brand_new", "propensity"].between(0, 1).all()
    assert any("not trained on `brand_new`" in note for note in found.to_dict()["notes"])


def test_actions_of_another_outcome_are_left_out_and_counted() -> None:
    tables = dict(some().tables())
    actions = tables["actions"].copy()
    actions.loc[0, "outcome"] = "renewal"
    found = assess_model(bundle(), "1", from_frames(**tables | {"actions": actions}))
    left = int((tables["contacts"]["action_id"] == actions["action_id"].iloc[0]).sum())
    assert left > 0
    assert found.counts.other_outcome == left
    assert len(found.predictions) == len(tables["contacts"]) - left


def test_missing_columns_are_taken_as_missing_and_named() -> None:
    tables = dict(some().tables())
    found = assess_model(
        bundle(), "1", from_frames(**tables | {"customers": tables["customers"].drop(columns=["age"])})
    )
    assert found.counts.missing_columns == ("customers.age",)
    assert found.predictions["propensity"].notna().all()


def test_data_without_signals_holds_harms_or_probabilities_are_judged_by_what_they_have() -> None:
    tables = dict(some().tables())
    contacts = tables["contacts"][tables["contacts"]["action_id"] != HOLD].drop(columns=["propensity", "policy"])
    happened = tables["outcomes"][tables["outcomes"]["contact_id"].isin(contacts["contact_id"])]
    happened = happened[happened["type"] == "conversion"]
    bare = {"actions": tables["actions"], "customers": tables["customers"], "outcomes": happened}
    found = assess_model(bundle(), "1", from_frames(**bare, contacts=contacts))
    assert found.results.policies is None
    assert found.results.harm == ()
    assert "harmed" not in found.predictions
    assert found.results.uplift == ()
    assert found.results.confidence.surest == ()
    assert found.evaluation.overall.rows == found.counts.judged > 0


def test_a_column_of_another_type_is_refused_by_name() -> None:
    tables = dict(some().tables())
    customers = tables["customers"].assign(age="young")
    with pytest.raises(ContractError, match=r"a column has another type than in training in `customer\.age`"):
        assess_model(bundle(), "1", from_frames(**tables | {"customers": customers}))


def test_data_about_another_outcome_are_refused() -> None:
    actions = dict(some().tables())["actions"].assign(outcome="renewal")
    with pytest.raises(
        TrainingError, match=r"no action has this outcome in `outcome`: `conversion`; use one of renewal"
    ):
        assess_model(bundle(), "1", some(actions=actions))


def test_an_unknown_attribute_is_refused_where_it_was_asked_for_and_noted_where_the_policy_names_it() -> None:
    with pytest.raises(InvalidInput, match=r"no such attribute in `by`: `shoe_size`; use one of .*segment"):
        assess_model(bundle(), "1", some(), request=EvaluationRequest(by=("shoe_size",)))
    found = assess_model(bundle(), "1", some(), request=EvaluationRequest(fairness=("shoe_size", "segment")))
    assert [one.attribute for one in found.results.fairness] == ["segment"]
    assert any("`shoe_size`" in note for note in found.results.notes)


def test_the_answer_is_plain_json_in_which_unknown_numbers_are_null() -> None:
    said = sealed().to_dict()
    again = json.loads(json.dumps(said, allow_nan=False))
    assert again["evaluation"]["overall"]["rows"] == sealed().evaluation.overall.rows
    assert again["findings"]["policies"]["heed"]["name"] == "heed"
    assert {"all", f"action/{HOLD}"} <= set(again["findings"]["reliability"])
    assert to_plain(sealed().results.decomposition) == again["findings"]["decomposition"]


def test_the_table_round_trips_as_parquet_and_as_csv(tmp_path) -> None:
    frame = sealed().predictions.head(500)
    for name in ("p.parquet", "p.csv"):
        write_predictions(frame, tmp_path / "new" / name)
    stored = pd.read_parquet(tmp_path / "new" / "p.parquet")
    text = pd.read_csv(tmp_path / "new" / "p.csv", parse_dates=["at"])
    for again in (stored, text):
        assert list(again.columns) == list(frame.columns)
        np.testing.assert_array_equal(again["propensity"], frame["propensity"])
        np.testing.assert_array_equal(again["outcome"].astype("Int8").isna(), frame["outcome"].isna())
        assert (pd.to_datetime(again["at"], utc=True) == frame["at"]).all()


def test_the_same_data_give_the_same_table_byte_for_byte() -> None:
    request = EvaluationRequest(terms=TERMS, by=("segment",), policy_values=True)
    first, again = (assess_model(bundle(), "1", some(100), request=request) for _ in range(2))
    assert encode_predictions(again.predictions, ".csv") == encode_predictions(first.predictions, ".csv")
    assert again.to_dict() == first.to_dict()


def test_intervals_go_by_what_customers_share_where_a_pattern_says_so() -> None:
    ids = pd.Series(["block-1-a", "block-1-b", "block-2-a", "alone", "alone"])
    assert cluster_ids(ids, r"^block-\d+").tolist() == [0, 0, 1, 2, 2]
    assert cluster_ids(ids, None).tolist() == [0, 1, 2, 3, 3]
    with pytest.raises(InvalidInput, match=r"not a regular expression .* in `cluster`: `\(`"):
        cluster_ids(ids, "(")


def test_predictions_in_another_form_are_refused_before_anything_is_written(tmp_path) -> None:
    with pytest.raises(
        InvalidInput, match=r"Parquet or CSV in `predictions`: `.*p\.xlsx`; end it in \.parquet or \.csv"
    ):
        write_predictions(sealed().predictions, tmp_path / "p.xlsx")
    assert list(tmp_path.iterdir()) == []
