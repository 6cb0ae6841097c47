from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heed.decisioning.errors import InvalidInput
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.engagement_io import read_engagement, write_engagement
from heed.training.contract.outcome_labels import is_matured, outcome_labels, primary_outcome
from heed.training.simulator.calendar import DAY
from heed.training.simulator.consent_arrays import NEVER
from heed.training.simulator.offer_catalogue import HOLD_INDEX
from heed.training.simulator.world import make_world
from tests.support.small_world import small_world

HARMS = ("opt_out", "complaint", "unsubscribe")


def test_the_same_seed_gives_the_same_world_to_the_byte() -> None:
    first, second = (make_world(seed=21, customers=200, days=15).play() for _ in range(2))
    assert first.data.digest == second.data.digest
    for name in ("truth", "consents", "contact_points", "suppressions"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)


def test_playing_a_world_twice_leaves_it_as_it_was() -> None:
    world = make_world(seed=2, customers=200, days=15)
    before = world.consents
    assert world.engage().digest == world.engage().digest
    pd.testing.assert_frame_equal(before, world.consents, check_exact=True)


def test_another_seed_gives_another_world() -> None:
    assert make_world(seed=21, customers=50, days=5).engage().digest != make_world(22, 50, 5).engage().digest


def test_the_contract_reads_what_a_world_wrote_without_setting_a_row_aside(tmp_path: Path) -> None:
    data = small_world()[1].data
    write_engagement(data, tmp_path)
    again, report = read_engagement(tmp_path, strict=True)
    assert report.rejected == 0
    assert again.digest == data.digest


def test_nothing_lies_outside_the_played_time_even_if_it_ends_within_a_day() -> None:
    end = datetime(2026, 7, 9, 13, 5, tzinfo=UTC)
    played = make_world(seed=5, customers=300, days=20, end=end).play()
    for name in ("signals", "contacts", "outcomes"):
        at = getattr(played.data, name)["at"]
        assert pd.Timestamp("2026-06-19", tz="UTC") <= at.min() < at.max() < end
    assert played.data.contacts["at"].max() > pd.Timestamp("2026-07-09", tz="UTC")
    assert (played.consents["recorded_at"] < end).all()
    assert (played.suppressions["recorded_at"] < end).all()


def test_labels_of_the_contract_are_the_conversions_of_the_truth() -> None:
    world, played = small_world()
    happened = (played.truth["converted_at"] < world.calendar.stop).to_numpy()
    assert primary_outcome(played.data) == "conversion"
    assert (outcome_labels(played.data, "conversion") == happened).all()


def test_a_hold_row_can_convert_and_never_harms() -> None:
    truth = small_world()[1].truth
    hold = truth[truth["action_index"] == HOLD_INDEX]
    assert (hold["converted_at"] < NEVER).sum() > 50
    assert (hold["harmed_at"] == NEVER).all()


def surprise(probability: pd.Series, happened: np.ndarray, groups: int) -> pd.Series:
    """Events less expectation in standard deviations, in equal groups by probability."""
    frame = pd.DataFrame({"p": probability, "y": happened, "v": probability * (1 - probability)})
    sums = frame.groupby(pd.qcut(probability, groups, labels=False)).sum()
    error: pd.Series = (sums["y"] - sums["p"]) / np.sqrt(sums["v"])
    return error


def assert_calibrated(probability: pd.Series, happened: np.ndarray) -> None:
    assert surprise(probability, happened, 1).abs().max() < 3
    assert surprise(probability, happened, 10).abs().max() < 4


def test_conversions_come_as_often_as_their_true_probability_says() -> None:
    world, played = small_world()
    seen = is_matured(played.data, "conversion", world.calendar.end)
    assert 0.8 < seen.mean() < 1
    assert_calibrated(played.truth["propensity"][seen], outcome_labels(played.data, "conversion")[seen])


def test_harm_comes_as_often_as_its_true_probability_says() -> None:
    world, played = small_world()
    contacted = played.truth[
        (played.truth["action_index"] != HOLD_INDEX) & (played.truth["at"] < world.calendar.stop - 2 * DAY)
    ]
    assert_calibrated(contacted["harm"], (contacted["harmed_at"] < NEVER).to_numpy())


def test_opt_outs_grow_with_the_contacts_of_the_last_fortnight() -> None:
    data = small_world()[1].data
    sent = data.contacts[data.contacts["action_id"] != "hold"].sort_values(["customer_id", "at"])
    harmed = sent["contact_id"].isin(data.outcomes.loc[data.outcomes["type"].isin(HARMS), "contact_id"]).to_numpy()
    # One line of time, with a year between any two customers.
    line = sent["at"].astype("int64").to_numpy() + sent.groupby("customer_id").ngroup().to_numpy() * 365 * DAY
    recent = np.arange(len(line)) - np.searchsorted(line, line - 14 * DAY)
    assert recent.max() >= 4
    assert harmed[recent >= 3].mean() > 1.5 * harmed[recent == 0].mean()


def test_recent_contacts_are_those_of_the_fourteen_days_before_the_day() -> None:
    truth = small_world()[1].truth
    one = truth[truth["customer_index"] == truth["customer_index"].value_counts().index[0]]
    sent = one.loc[one["action_index"] != HOLD_INDEX, "at"] // DAY
    expected = [int(((sent < day) & (sent >= day - 14)).sum()) for day in one["at"] // DAY]
    assert max(expected) >= 3
    assert one["recent_contacts"].tolist() == expected


def test_signals_are_evidence_and_some_of_it_is_weak() -> None:
    signals = small_world()[1].data.signals
    assert set(signals["type"]) == {"open", "click", "visit", "purchase", "app_open"}
    assert 0.1 < (signals["certainty"] < 1).mean() < 0.5
    bots = signals[signals["certainty"] < 0.2]
    assert set(bots["type"]) == {"open", "click"}
    assert signals["at"].groupby(signals["customer_id"]).is_monotonic_increasing.all()
    assert signals["customer_id"].is_monotonic_increasing


def test_machines_open_mail_within_a_minute() -> None:
    data = small_world()[1].data
    bots = data.signals[(data.signals["certainty"] < 0.2) & (data.signals["type"] == "open")]
    mail = data.contacts[data.contacts["action_id"].str.startswith("email")]
    joined = pd.merge_asof(
        bots.sort_values("at"),
        mail.sort_values("at")[["customer_id", "at"]].assign(sent=mail["at"]),
        on="at",
        by="customer_id",
    )
    assert len(joined) > 100
    assert ((joined["at"] - joined["sent"]) < pd.Timedelta(minutes=1)).all()


def test_customers_have_holes_and_the_catalogue_has_what_the_design_asks_for() -> None:
    data = small_world()[1].data
    for column in ("time_zone", "age", "region", "device", "lifetime_value", "gender"):
        assert 0 < data.customers[column].isna().mean() < 0.35
    catalogue = to_catalogue(data)
    assert len(catalogue.actions) == 12
    assert {one.channel for one in catalogue.actions} == {"email", "push", "sms", "web", "call"}
    assert {one.autonomy.value for one in catalogue.actions} == {"assist", "suggest", "shadow"}
    assert {one.outcome for one in catalogue.actions} == {"conversion"}
    assert catalogue.by_id["call_retention"].eligibility == "customer.age >= 18.0"
    assert any(one.valid_until is not None for one in catalogue.actions)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((-1, 5, 9), r"`seed`: `-1`; give at least 0", id="a negative seed"),
        pytest.param((1, 0, 9), r"`customers`: `0`; give at least 1", id="no customers"),
        pytest.param((1, 5, 0), r"`days`: `0`; give at least 1", id="no days"),
    ],
)
def test_a_world_that_cannot_be_is_refused(arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        make_world(*arguments)


def test_customers_are_found_by_id_and_strangers_are_not() -> None:
    world = small_world()[0]
    assert world.index_of(pd.Series(["c000003", "nobody", "c000001"])).tolist() == [2, -1, 0]
