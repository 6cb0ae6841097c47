"""Each adapter keeps what was known before the decision and leaves out what was not."""

import numpy as np
import pandas as pd
import pytest

from heed.decisioning.errors import ContractError
from heed.training.adapters.registry import adapter
from heed.training.contract.engagement_io import read_engagement, write_engagement
from heed.training.contract.outcome_labels import is_matured, last_moment, outcome_labels, primary_outcome
from heed.training.contract.table_schemas import attribute_columns
from tests.support.contract_frames import at
from tests.support.public_datasets import (
    donor_rows,
    hillstrom_rows,
    replication_rows,
    store_bank,
    store_hillstrom,
    store_obd,
    store_starbucks,
    voter_rows,
)

DAY = pd.Timedelta(days=1)


def successes(data):
    return outcome_labels(data, primary_outcome(data)).tolist()


@pytest.fixture
def hillstrom(tmp_path):
    return adapter("hillstrom")(store_hillstrom(tmp_path / "x"))


@pytest.fixture
def bank(tmp_path):
    return adapter("bank_marketing")(store_bank(tmp_path / "x"))


@pytest.fixture
def donors(tmp_path):
    donor_rows().to_csv(tmp_path / "x", index=False)
    return adapter("karlan_list")(tmp_path)


@pytest.fixture
def voters(tmp_path):
    voter_rows().to_csv(tmp_path / "x", index=False)
    return adapter("social_pressure")(tmp_path)


@pytest.fixture
def rewards(tmp_path):
    return adapter("starbucks")(store_starbucks(tmp_path))


@pytest.fixture
def shop(tmp_path):
    store_obd(tmp_path / "p", 3, thompson=False)
    store_obd(tmp_path / "q", 3, thompson=True)
    store_obd(tmp_path / "r", 34, thompson=False)
    return adapter("obd")(tmp_path)


@pytest.mark.parametrize("name", ["hillstrom", "bank", "donors", "voters", "rewards", "shop"])
def test_adapted_data_reads_back_without_rejection_and_is_fully_watched(request, tmp_path, name):
    data = request.getfixturevalue(name)
    write_engagement(data, tmp_path / "out")
    again, report = read_engagement(tmp_path / "out", strict=True)
    assert (again.digest, report.rejected) == (data.digest, 0)
    assert is_matured(data, primary_outcome(data), last_moment(data)).all()


def test_hillstrom_keeps_arms_design_and_outcomes(hillstrom):
    assert hillstrom.contacts["action_id"].tolist() == ["womens_email", "hold", "mens_email"] * 2
    assert hillstrom.contacts["propensity"].tolist() == [1 / 3] * 6
    assert successes(hillstrom) == [False, False, True, True, True, False]
    assert hillstrom.outcomes.loc[hillstrom.outcomes["type"] == "conversion", "value"].tolist() == [29.99]
    assert set(hillstrom.contacts["at"]) == {at("2008-03-20T15:00:00")}


def test_hillstrom_traits_hold_no_outcome(hillstrom):
    assert attribute_columns("contacts", hillstrom.contacts) == ()
    assert set(attribute_columns("customers", hillstrom.customers)) == {
        *("recency", "history_segment", "history", "mens", "womens", "zip_code", "newbie", "purchase_channel"),
    }
    assert hillstrom.customers["mens"].tolist() == [True, True, False, True, True, False]


def test_an_arm_that_hillstrom_never_had_is_refused(tmp_path):
    hillstrom_rows().replace("Mens E-Mail", "Mens Fax").to_csv(tmp_path / "x", index=False)
    with pytest.raises(ContractError, match=r"contacts action_id: is missing \(2 rows, such as row 3"):
        adapter("hillstrom")(tmp_path)


def test_bank_leaves_out_the_length_of_the_call(bank):
    assert "duration" not in {
        *attribute_columns("contacts", bank.contacts),
        *attribute_columns("customers", bank.customers),
    }
    assert "y" not in attribute_columns("contacts", bank.contacts)


def test_bank_takes_999_days_as_never(bank):
    assert bank.contacts["pdays"].dropna().tolist() == [3.0] * 4
    assert bank.contacts["pdays"].isna().tolist() == [True, False] * 4


def test_bank_keeps_unknown_as_an_answer(bank):
    assert set(bank.customers["default"]) == {"unknown"}


def test_bank_has_no_propensity_and_no_hold(bank):
    assert bank.contacts["propensity"].isna().all()
    assert set(bank.contacts["action_id"]) == {"call_telephone", "call_cellular"}
    assert successes(bank) == [False, True, False, False] * 2


def test_bank_months_count_up_to_the_years_they_belong_to(bank):
    months = bank.contacts["at"].dt.strftime("%Y-%m").tolist()
    assert months == ["2008-05", "2008-11", "2008-12", "2009-03", "2009-04", "2009-12", "2010-03", "2010-11"]
    assert set(bank.contacts["at"].dt.hour) == {12}


def test_bank_calls_of_one_month_are_spread_over_it_in_file_order(tmp_path):
    months = ["may"] * 4 + ["nov"] + ["mar", "nov"] + ["nov"] + ["mar"] + ["nov"]
    data = adapter("bank_marketing")(store_bank(tmp_path / "x", months))
    assert data.contacts["at"].is_monotonic_increasing
    assert data.contacts["at"].dt.strftime("%m-%d").tolist()[:4] == ["05-04", "05-12", "05-20", "05-28"]


def test_bank_rows_out_of_order_are_spread_over_the_whole_time(tmp_path):
    data = adapter("bank_marketing")(store_bank(tmp_path / "x", ["nov", "may", "mar", "may", "jul", "may"]))
    moments = data.contacts["at"]
    assert moments.is_monotonic_increasing
    assert (moments.min() >= at("2008-05-01"), moments.max() < at("2010-12-01")) == (True, True)
    assert moments.diff().dropna().max() < 160 * DAY


def test_donors_fall_into_36_variants_and_hold(donors):
    assert donors.contacts["action_id"].tolist() == [
        "hold",
        "hold",
        "match_ratio1_size25_askd1",
        "match_ratio3_sizeno_askd3",
    ]
    assert donors.contacts["propensity"].tolist() == [1 / 3, 1 / 3, 1 / 54, 1 / 54]
    assert len(donors.actions) == 36


def test_the_parts_of_a_matching_offer_are_attributes(donors):
    offer = donors.actions.set_index("action_id").loc["match_ratio3_sizeno_askd3"]
    assert (offer["match_ratio"], offer["suggested_multiple"]) == (3.0, 1.5)
    assert np.isnan(offer["match_limit"])


def test_donor_traits_hold_nothing_computed_from_gifts(donors):
    traits = attribute_columns("customers", donors.customers)
    assert len(traits) == 27
    assert not [name for name in traits if "response" in name or "give" in name or "missing" in name]
    assert attribute_columns("contacts", donors.contacts) == ()


def test_minus_999_is_missing(donors):
    assert donors.customers["female"].isna().tolist() == [False, False, True, False]
    assert donors.customers["pwhite"].isna().tolist() == [False, False, True, False]
    assert not (donors.customers.select_dtypes("number") == -999).any().any()


def test_a_gift_without_an_amount_is_still_a_gift(donors):
    assert successes(donors) == [False, False, True, True]
    assert donors.outcomes["value"].isna().tolist() == [False, True]


def test_the_replication_file_and_its_prefixed_copy_are_the_same_data(tmp_path, donors):
    (tmp_path / "replication").mkdir()
    replication_rows().to_stata(tmp_path / "replication" / "x", write_index=False)
    assert adapter("karlan_list")(tmp_path / "replication").digest == donors.digest


def test_the_replication_file_beside_its_copy_is_refused(tmp_path):
    donor_rows().to_csv(tmp_path / "x", index=False)
    replication_rows().to_csv(tmp_path / "y", index=False)
    with pytest.raises(ContractError, match=r"several files hold the matching-grant trial \(x, y\)"):
        adapter("karlan_list")(tmp_path)


def test_voters_keep_arms_design_and_turnout(voters):
    assert voters.contacts["action_id"].tolist() == ["hold", "hold", "civic_duty", "hawthorne", "self", "neighbors"]
    assert voters.contacts["propensity"].tolist() == [5 / 9, 5 / 9, 1 / 9, 1 / 9, 1 / 9, 1 / 9]
    assert successes(voters) == [False, True] * 3
    assert set(zip(voters.actions["value"], voters.actions["cost"], strict=True)) == {(1.0, 0.0)}


def test_voters_vote_on_the_day_of_the_election_within_the_window(voters):
    assert set(voters.outcomes["at"].dt.tz_convert("America/Detroit")) == {pd.Timestamp("2006-08-08 12:00-04:00")}


def test_voter_ids_tell_the_block_and_no_feature_does(voters):
    assert voters.customers["customer_id"].tolist()[2:4] == ["block-00001-voter-000003", "block-00012-voter-000004"]
    assert attribute_columns("contacts", voters.contacts) == ()
    assert set(attribute_columns("customers", voters.customers)) == {
        *("sex", "age", "hh_size", "neighbors"),
        *("primary_00", "general_00", "primary_02", "general_02", "primary_04"),
    }


def test_past_turnout_is_yes_or_no(voters):
    assert voters.customers["primary_04"].tolist() == [True, False] * 3
    assert str(voters.customers["general_02"].dtype) == "boolean"


def test_an_arm_that_the_voters_never_had_is_refused(tmp_path):
    voter_rows().replace("Hawthorne", "Phone Call").to_csv(tmp_path / "x", index=False)
    with pytest.raises(ContractError, match=r"contacts action_id: is missing \(1 rows?, such as row 4"):
        adapter("social_pressure")(tmp_path)


def test_rewards_waves_without_an_offer_are_hold(rewards):
    shown = rewards.contacts.set_index(["customer_id", "at"])["action_id"].to_dict()
    first, second = at("2018-07-27"), at("2018-08-03")
    bogo, informational = "bogo_10_10_7d_aaaa", "informational_0_0_3d_bbbb"
    assert shown == {
        ("ann", first): bogo,
        ("ann", second): bogo,
        ("bob", first): informational,
        ("bob", second): "hold",
        ("cid", first): "hold",
        ("cid", second): bogo,
    }


def test_rewards_propensities_are_those_inferred(rewards):
    held = rewards.contacts["action_id"] == "hold"
    assert set(rewards.contacts.loc[held, "propensity"]) == {0.25}
    assert set(rewards.contacts.loc[~held, "propensity"]) == {0.75 / 2}


def test_rewards_success_is_a_purchase_within_three_days_hold_included(rewards):
    bought = dict(zip(rewards.contacts["contact_id"], outcome_labels(rewards, "purchase"), strict=True))
    assert bought == {
        "ann-0": True,
        "ann-168": False,
        "bob-0": False,
        "bob-168": False,
        "cid-0": True,
        "cid-168": False,
    }


def test_rewards_completions_count_only_after_a_view_within_validity_and_once(rewards):
    done = rewards.outcomes[rewards.outcomes["type"] == "completed"]
    assert done["contact_id"].tolist() == ["ann-0"]
    assert done["value"].tolist() == [10.0]


def test_rewards_repeated_events_count_once(rewards):
    completions = rewards.signals[rewards.signals["type"] == "completion"]
    assert completions["customer_id"].tolist() == ["ann", "ann", "cid"]


def test_rewards_receipts_come_before_whatever_happens_in_their_hour(rewards):
    assert rewards.signals["at"].min() == rewards.contacts["at"].min() + pd.Timedelta(minutes=30)
    assert "received" not in set(rewards.signals["type"])


def test_rewards_age_118_is_missing_and_tenure_is_counted_at_the_start(rewards):
    assert rewards.customers["age"].isna().tolist() == [True, False, False]
    assert rewards.customers["tenure_days"].tolist() == [530.0, 1.0, 2.0]


def test_rewards_channels_beyond_email_are_attributes(rewards):
    assert rewards.actions["also_mobile"].tolist() == [True, False]
    assert rewards.actions["also_web"].tolist() == [False, True]


def test_the_shop_tells_campaign_and_policy_by_content(shop):
    assert set(shop.contacts["policy"]) == {"random", "thompson"}
    assert sorted(shop.actions["campaign"].value_counts().to_dict().items()) == [("items3", 3), ("men", 34)]


def test_the_shop_keeps_logged_propensities_and_position(shop):
    thompson = shop.contacts[shop.contacts["policy"] == "thompson"]
    assert thompson["propensity"].tolist() == [0.5, 0.000001, 0.25]
    assert thompson["position"].tolist() == ["right", "left", "centre"]
    assert thompson["action_id"].tolist() == ["items3-02", "items3-00", "items3-01"]
    assert thompson["at"].tolist()[0] == at("2019-11-24T00:03:13.442536")


def test_the_shop_labels_clicks(shop):
    assert successes(shop) == [False, True, False] * 3


def test_the_shop_keeps_one_hash_for_an_item_of_two_logs(shop):
    features = shop.actions.set_index("action_id")
    assert features.loc["items3-00", "item_feature_1"] == "p1"
    assert features.loc["men-00", "item_feature_1"] == "r1"
    assert len(shop.actions) == 37


def test_the_shop_sums_what_the_user_clicked_before(shop):
    assert shop.customers["clicks_before"].tolist() == [0, 6, 0, 0, 6, 0, 0, 68, 0]


def test_one_log_twice_is_refused(tmp_path):
    store_obd(tmp_path / "a", 3, thompson=False)
    store_obd(tmp_path / "b", 3, thompson=False)
    with pytest.raises(ContractError, match=r"duplicate log of one campaign and policy in `source`: `items3-random`"):
        adapter("obd")(tmp_path)


def test_a_log_without_its_items_still_has_actions(tmp_path):
    (store_obd(tmp_path / "a", 3, thompson=False) / "items").unlink()
    assert adapter("obd")(tmp_path).actions["action_id"].tolist() == ["items3-00", "items3-01", "items3-02"]
