"""What windows measure, held against the plainest possible reading of their definition."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import HOLD
from heed.training.features.feature import EventGroup, Feature, FeatureSource, WindowMeasure, WindowOp
from heed.training.features.feature_matrix import training_matrix
from tests.support.engagement_strategies import ACTIONS, DAY, Heard, Offered, Story, data_of, full_schema, stories

CHANNEL_GROUPS = (EventGroup.CONTACT_CHANNEL, EventGroup.SIGNAL_CHANNEL)


def measured_by_definition(story: Story, row: int, feature: Feature) -> float:
    """A window or cross feature, by looking at every event of the customer; NaN where there is nothing to say."""
    decided, measure = story.offered[row], feature.measure
    assert measure is not None
    if feature.source is FeatureSource.CROSS:
        own = ACTIONS.get(decided.action) if measure.group in CHANNEL_GROUPS else decided.action
        if own not in (*full_schema().channels, *full_schema().actions):
            return math.nan
        measure = replace(measure, key=own)
    if measure.op is WindowOp.RATE:
        events, contacts = count(story, decided, measure.events), count(story, decided, measure.contacts)
        return (events + measure.prior * measure.strength) / (contacts + measure.strength)
    if measure.op is WindowOp.COUNT:
        return count(story, decided, measure)
    ages = [age for age, certainty in within(story, decided, measure) if certainty >= 0.5]
    return min(ages) / DAY if ages else math.nan


def count(story: Story, decided: Offered, measure: WindowMeasure) -> float:
    return sum(certainty for _, certainty in within(story, decided, measure))


def within(story: Story, decided: Offered, measure: WindowMeasure) -> list[tuple[int, float]]:
    """Age and certainty of the events that a measure is about."""
    if measure.group in (EventGroup.SIGNAL_TYPE, EventGroup.SIGNAL_CHANNEL):
        of = "type" if measure.group is EventGroup.SIGNAL_TYPE else "channel"
        every = [(one.who, one.at, one.certainty) for one in story.heard if getattr(one, of) == measure.key]
    else:
        every = [(one.who, one.at, 1.0) for one in story.offered if is_counted(one, measure)]
    ages = [(decided.at - at, certainty) for who, at, certainty in every if who == decided.who]
    return [(age, certainty) for age, certainty in ages if 0 < age <= measure.days * DAY]


def is_counted(one: Offered, measure: WindowMeasure) -> bool:
    if one.action == HOLD:
        return False
    keys = {
        EventGroup.CONTACT: None,
        EventGroup.CONTACT_CHANNEL: ACTIONS[one.action],
        EventGroup.CONTACT_ACTION: one.action,
    }
    return keys[measure.group] == measure.key


# Certainties that are sums of powers of two add up exactly, in whatever order.
@settings(max_examples=60, deadline=None)
@given(story=stories(certainties=st.sampled_from([0.125, 0.25, 0.5, 0.75, 1.0])))
def test_every_window_is_what_its_definition_says(story: Story) -> None:
    schema = full_schema()
    matrix = training_matrix(schema, data_of(story))
    for column, feature in enumerate(schema.features):
        if feature.measure is not None:
            said = np.array([measured_by_definition(story, row, feature) for row in range(len(story.offered))])
            np.testing.assert_array_equal(matrix[:, column], said, err_msg=feature.name)


def value_of(name: str, *events: Heard | Offered, action: str = "mail") -> float:
    """A feature of a decision at NOW."""
    heard = tuple(one for one in events if isinstance(one, Heard))
    offered = tuple(one for one in events if isinstance(one, Offered))
    data = data_of(Story(heard=heard, offered=(Offered(0, 0, action), *offered)))
    return float(training_matrix(full_schema(), data)[0, full_schema().names.index(name)])


@pytest.mark.parametrize(
    ("age", "counted"),
    [(0, 0.0), (-1, 0.0), (1, 1.0), (7 * DAY, 1.0), (7 * DAY + 1, 0.0)],
    ids=["at the decision", "just after it", "just before it", "exactly as old as the window", "a microsecond older"],
)
def test_a_window_is_open_at_the_decision_and_closed_at_its_far_end(age: int, counted: float) -> None:
    assert value_of("signal_click_7d", Heard(0, -age)) == counted
    assert value_of("contacts_7d", Offered(0, -age)) == counted


def test_signals_count_by_their_certainty() -> None:
    assert value_of("signal_click_7d", Heard(0, -1, certainty=0.25), Heard(0, -2, certainty=0.5)) == 0.75


@pytest.mark.parametrize(
    ("certainty", "days"),
    [(0.5, 1.0), (0.49, 3.0)],
    ids=["as likely as not", "less likely than not"],
)
def test_the_last_signal_is_the_last_credible_one(certainty: float, days: float) -> None:
    signals = (Heard(0, -DAY, certainty=certainty), Heard(0, -3 * DAY))
    assert value_of("days_since_last_click", *signals) == days


def test_nothing_is_older_than_the_horizon() -> None:
    assert full_schema().horizon.days == 90
    assert value_of("days_since_last_click", Heard(0, -90 * DAY)) == 90.0
    assert math.isnan(value_of("days_since_last_click", Heard(0, -90 * DAY - 1)))
    assert math.isnan(value_of("days_since_contact", Offered(0, -90 * DAY - 1)))


def test_holding_is_no_contact() -> None:
    assert value_of("contacts_90d", Offered(0, -DAY, HOLD), Offered(0, -DAY, "nudge")) == 1.0


def test_a_contact_through_an_unknown_channel_counts_in_the_total_alone() -> None:
    letter = Offered(0, -DAY, "letter")
    assert value_of("contacts_7d", letter) == 1.0
    assert value_of("contacts_email_7d", letter) == value_of("contacts_push_7d", letter) == 0.0


def test_a_rate_begins_at_the_prior_and_moves_with_evidence() -> None:
    name = "rate_click_per_contact_90d"
    assert value_of(name) == pytest.approx(0.1)
    assert value_of(name, Offered(0, -DAY), Heard(0, -1)) == pytest.approx((1 + 0.1 * 5) / (1 + 5))


def test_cross_features_follow_the_candidate() -> None:
    events = (Offered(0, -DAY, "offer"), Offered(0, -2 * DAY, "mail"), Heard(0, -3 * DAY, channel="push"))
    assert value_of("own_channel_contacts_7d", *events, action="mail") == 2.0
    assert value_of("own_action_contacts_7d", *events, action="mail") == 1.0
    assert value_of("days_since_own_action_contact", *events, action="mail") == 2.0
    assert value_of("own_channel_contacts_7d", *events, action="nudge") == 0.0
    assert value_of("days_since_own_channel_signal", *events, action="nudge") == 3.0


@pytest.mark.parametrize("action", [HOLD, "letter"], ids=["hold", "a channel and an action never seen in training"])
def test_a_candidate_without_a_known_channel_has_no_history_of_its_own(action: str) -> None:
    assert math.isnan(value_of("own_channel_contacts_7d", Offered(0, -DAY), action=action))
    assert math.isnan(value_of("own_action_contacts_7d", Offered(0, -DAY), action=action))
    assert math.isnan(value_of("rate_own_channel_signals_per_contact_90d", Offered(0, -DAY), action=action))
