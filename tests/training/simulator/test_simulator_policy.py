"""What the logging policy did, checked against the frames on file rather than against the simulator's arrays."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from heed.training.simulator.calendar import DAY
from heed.training.simulator.logging_policy import EXPLORATION, choice_probabilities
from heed.training.simulator.offer_catalogue import ACTION_IDS, ACTIONS, HOLD_INDEX
from tests.support.small_world import small_world

ROWS = 5
CHOICES = 4


@given(
    score=arrays(np.float64, (ROWS, CHOICES), elements=st.floats(-5, 5)),
    allowed=arrays(np.bool_, (ROWS, CHOICES)),
)
def test_choices_are_a_distribution_over_what_is_allowed(score: np.ndarray, allowed: np.ndarray) -> None:
    allowed[:, -1] = True
    chances = choice_probabilities(score, allowed)
    assert chances.sum(axis=1) == pytest.approx(np.ones(ROWS))
    assert ((chances > 0) == allowed).all()
    assert (chances[allowed] >= EXPLORATION / CHOICES - 1e-12).all()


def test_logged_propensities_are_probabilities_and_certain_only_where_hold_was_the_only_choice() -> None:
    truth = small_world()[1].truth
    assert ((truth["logged"] > 0) & (truth["logged"] <= 1)).all()
    alone = truth["admissible"] == 1
    assert alone.any()
    assert (truth.loc[alone, "action_index"] == HOLD_INDEX).all()
    assert ((truth["logged"] == 1) == alone).all()


def test_what_was_admissible_holds_what_was_done_and_counts_what_there_was_to_choose_from() -> None:
    played = small_world()[1]
    truth, admissible = played.truth, played.admissible
    assert admissible.shape == (len(truth), len(ACTION_IDS) - 1)
    np.testing.assert_array_equal(admissible.sum(axis=1) + 1, truth["admissible"])
    done = np.flatnonzero(truth["action_index"] != HOLD_INDEX)
    assert admissible[done, truth["action_index"].to_numpy()[done]].all()


def inverse_propensity_mean(indicator: pd.Series, propensity: pd.Series) -> tuple[float, float]:
    weights = indicator / propensity
    return weights.mean(), weights.std() / np.sqrt(len(weights))


def test_hold_weighted_by_its_inverse_propensity_averages_one() -> None:
    truth = small_world()[1].truth
    mean, error = inverse_propensity_mean(truth["action_index"] == HOLD_INDEX, truth["logged"])
    assert error < 0.05
    assert abs(mean - 1) < 4 * error


def test_inverse_propensities_average_the_number_of_choices() -> None:
    truth = small_world()[1].truth
    excess = 1 / truth["logged"] - truth["admissible"]
    assert abs(excess.mean()) < 4 * excess.std() / np.sqrt(len(excess))


def contacts_with_actions() -> pd.DataFrame:
    data = small_world()[1].data
    sent = data.contacts[data.contacts["action_id"] != "hold"]
    return sent.merge(data.actions[["action_id", "channel", "purpose", "valid_from", "valid_until"]], on="action_id")


def latest_statements(sent: pd.DataFrame) -> pd.DataFrame:
    keys = ["customer_id", "channel", "purpose"]
    consents = small_world()[1].consents.rename(columns={"recorded_at": "at"})
    return pd.merge_asof(sent.sort_values("at"), consents.sort_values("at", kind="stable"), on="at", by=keys)


def test_nobody_is_contacted_without_live_consent() -> None:
    found = latest_statements(contacts_with_actions())
    assert len(found) > 8000
    assert (found["status"] == "granted").all()
    assert (found["expires_at"].isna() | (found["at"] < found["expires_at"])).all()


def test_nobody_is_contacted_without_a_contact_point_of_the_channel() -> None:
    points = small_world()[1].contact_points
    assert points["contact_point"].is_unique
    found = contacts_with_actions().merge(points, on=["customer_id", "channel"], how="left")
    assert found["contact_point"].notna().all()
    assert len(points) < 5 * 1500


def test_nobody_is_contacted_while_suppressed() -> None:
    sent, listed = contacts_with_actions(), small_world()[1].suppressions
    assert {"bereavement", "do_not_call_register", "dispute"} == set(listed["reason"])
    both = sent.merge(listed, on="customer_id", suffixes=("", "_listed"))
    same = both["channel_listed"].isna() | (both["channel_listed"] == both["channel"])
    during = (both["recorded_at"] <= both["at"]) & (both["until"].isna() | (both["at"] < both["until"]))
    assert same.any()
    assert not (same & during).any()


def test_every_opt_out_becomes_a_withdrawal_on_the_channel_used() -> None:
    played = small_world()[1]
    harms = played.data.outcomes[played.data.outcomes["type"] != "conversion"]
    found = harms.merge(contacts_with_actions()[["contact_id", "channel"]], on="contact_id")
    withdrawn = played.consents[
        (played.consents["status"] == "withdrawn") & (played.consents["purpose"] == "marketing")
    ]
    joined = found.merge(withdrawn, on=["customer_id", "channel"])
    assert len(harms) > 100
    assert set(joined.loc[joined["recorded_at"] <= joined["at"], "contact_id"]) == set(harms["contact_id"])


def test_actions_are_used_only_while_valid_and_only_on_the_eligible() -> None:
    sent = contacts_with_actions().merge(small_world()[1].data.customers, on="customer_id")
    assert (sent["valid_from"].isna() | (sent["valid_from"] <= sent["at"])).all()
    assert (sent["valid_until"].isna() | (sent["at"] < sent["valid_until"])).all()
    assert (sent.loc[sent["action_id"] == "call_retention", "age"] >= 18).all()
    assert (sent.loc[sent["action_id"] == "email_come_back", "tenure_days"] >= 90).all()


def test_contacts_keep_a_day_apart_and_within_local_daytime() -> None:
    sent = contacts_with_actions().sort_values(["customer_id", "at"])
    days = sent["at"].dt.floor("D").groupby(sent["customer_id"]).diff()
    assert days.min() == pd.Timedelta(days=2)
    dutch = small_world()[1].data.customers.query("time_zone == 'Europe/Amsterdam'")["customer_id"]
    hours = sent.loc[sent["customer_id"].isin(dutch), "at"].dt.tz_convert("Europe/Amsterdam").dt.hour
    assert hours.between(8, 20).all()


def test_every_action_is_explored() -> None:
    played, world = small_world()[1], small_world()[0]
    used = played.truth["action_index"].value_counts()
    assert (used.reindex(range(len(ACTION_IDS)), fill_value=0) >= 100).all()
    late = played.truth[played.truth["at"] >= world.calendar.start + 0.7 * 60 * DAY]
    assert ACTION_IDS.index("push_flash_sale") not in set(late["action_index"])
    assert len(ACTIONS) == HOLD_INDEX
