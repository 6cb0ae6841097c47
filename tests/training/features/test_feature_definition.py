"""Which columns a data set gets, and that nothing is learnt from rows that are held out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import ContractError
from heed.training.contract.engagement_data import EngagementData
from heed.training.features.definition import define_features
from heed.training.features.feature import Feature, FeatureKind, FeatureSource, WindowOp
from heed.training.features.feature_schema import FeatureSchema
from heed.training.features.vocabulary import MAX_SIGNAL_TYPES
from tests.support.engagement_strategies import DAY, Heard, Offered, Person, Story, data_of

PEOPLE = (
    Person("Europe/Berlin", 40.0, "plus", vip=True),
    Person(None, 50.0, "basic", vip=False),
    Person("UTC", 60.0, "basic"),
    Person("UTC", 70.0, "plus"),
)
# Everyone is offered something once, at one moment, as in a trial by post.
TRIAL = Story(PEOPLE, offered=tuple(Offered(who, 0, ("mail", HOLD)[who % 2]) for who in range(4)))
LIVELY = Story(
    PEOPLE,
    heard=(Heard(0, -DAY), Heard(0, -9 * DAY), Heard(1, -2 * DAY, "open"), Heard(3, -DAY, "visit", "push")),
    offered=(
        Offered(0, 0, "mail"),
        Offered(0, -5 * DAY, "nudge", "phone"),
        Offered(1, -3_600_000_000, "nudge"),
        Offered(1, -40 * DAY, "offer"),
        Offered(2, -DAY, HOLD),
        Offered(3, 0, "offer", "desk"),
        Offered(3, -12 * DAY, "mail", "desk"),
    ),
)


def declared(story: Story, *rows: int) -> FeatureSchema:
    return define_features(data_of(story), np.array(rows or range(len(story.offered))))


def feature(schema: FeatureSchema, name: str) -> Feature:
    return next(one for one in schema.features if one.name == name)


def with_customers(story: Story, **columns: pd.Series) -> EngagementData:
    data = data_of(story)
    return replace(data, customers=data.customers.assign(**columns))


def test_features_read_as_words_and_stand_by_source() -> None:
    schema = declared(LIVELY)
    for name in (
        "customer.age",
        "customer.plan",
        "action.action_id",
        "action.value",
        "context.device",
        "local_hour",
        "signal_click_30d",
        "contacts_email_90d",
        "days_since_last_click",
        "days_since_contact",
        "own_channel_contacts_30d",
        "rate_click_per_contact_90d",
    ):
        assert name in schema.names
    order = [list(FeatureSource).index(one.source) for one in schema.features]
    assert order == sorted(order)


def test_a_trial_by_post_has_no_windows_and_no_clock() -> None:
    sources = {one.source for one in declared(TRIAL).features}
    assert sources == {FeatureSource.CUSTOMER, FeatureSource.ACTION}


def test_hold_is_one_of_the_actions() -> None:
    assert feature(declared(TRIAL), "action.action_id").categories == (HOLD, "mail")


def test_a_column_that_says_the_same_of_every_row_is_left_out() -> None:
    names = declared(TRIAL).names
    assert "action.value" not in names
    assert "action.window_days" not in names
    assert "customer.jurisdiction" not in names


def test_that_an_attribute_is_missing_is_news_of_a_customer() -> None:
    people = (Person(vip=True), Person(), Person(vip=True), Person())
    assert "customer.vip" in declared(replace(TRIAL, people=people)).names


def test_no_two_windows_say_the_same() -> None:
    names = declared(LIVELY).names
    assert "signal_open_7d" in names
    assert "signal_open_30d" not in names


def test_words_and_categories_come_from_the_fitting_rows_alone() -> None:
    everyone, first_two = declared(LIVELY), declared(LIVELY, 0, 1, 2, 3)
    assert everyone.signal_types == ("click", "open", "visit")
    assert first_two.signal_types == ("click", "open")
    assert HOLD not in feature(first_two, "action.action_id").categories


def test_the_prior_of_a_rate_is_its_mean_over_the_fitting_rows() -> None:
    measure = feature(declared(LIVELY), "rate_click_per_contact_90d").measure
    assert measure is not None
    # Customer 0 has two clicks before the first row, one of them before the second, which has no contact before it.
    assert measure.op is WindowOp.RATE
    assert measure.prior == pytest.approx((2 + 1) / 3)


def test_a_rate_over_no_contacts_is_left_out() -> None:
    silent = replace(LIVELY, offered=(Offered(0, 0), Offered(1, -DAY), Offered(3, 0)))
    assert not [name for name in declared(silent).names if name.startswith("rate_")]


@pytest.mark.parametrize("zone", ["Europe/Berlin", None], ids=["zones known", "zones unknown"])
def test_the_hour_is_declared_where_times_and_zones_tell_it(zone: str | None) -> None:
    people = tuple(replace(one, zone=zone) for one in PEOPLE)
    assert ("local_hour" in declared(replace(LIVELY, people=people)).names) is (zone is not None)


def test_days_without_hours_give_no_weekday() -> None:
    daily = tuple(replace(one, at=-number * DAY) for number, one in enumerate(TRIAL.offered))
    assert not [name for name in declared(replace(TRIAL, offered=daily)).names if name.startswith("local_")]


def test_special_categories_of_personal_data_are_left_out_unless_asked_for() -> None:
    data = with_customers(TRIAL, religion=pd.Series(["a", "b", "a", "b"], dtype="str"))
    rows = np.arange(4)
    assert "customer.religion" not in define_features(data, rows).names
    asked = define_features(data, rows, include=frozenset({"religion"}))
    assert "customer.religion" in asked.names


def test_an_excluded_attribute_is_no_feature_but_still_has_a_type() -> None:
    schema = define_features(data_of(TRIAL), np.arange(4), exclude=frozenset({"age"}))
    assert "customer.age" not in schema.names
    assert dict(schema.attributes) == {"age": "number", "plan": "text", "vip": "boolean"}


def test_an_exclusion_that_names_nothing_is_refused() -> None:
    with pytest.raises(ContractError, match=r"no such attribute to leave out in `exclude`: `gendre`"):
        define_features(data_of(TRIAL), np.arange(4), exclude=frozenset({"gendre"}))


def test_no_rows_to_learn_from_are_refused() -> None:
    with pytest.raises(ContractError, match=r"no rows to define features from in `contacts`"):
        define_features(data_of(TRIAL), np.empty(0, dtype=np.int64))


def test_an_identifier_is_no_feature() -> None:
    data = with_customers(TRIAL, email=pd.Series(["a@x", "b@x", "c@x", "d@x"], dtype="str"))
    assert "customer.email" not in define_features(data, np.arange(4)).names


def test_names_that_lightgbm_refuses_are_worded_anew_and_stay_distinct() -> None:
    data = with_customers(TRIAL, **{"home:size": pd.Series([1.0, 2, 3, 4]), "home,size": pd.Series([4.0, 2, 3, 1])})
    schema = define_features(data, np.arange(4))
    assert {one.name: one.of for one in schema.features if one.of.startswith("home")} == {
        "customer.home_size": "home,size",
        "customer.home_size_2": "home:size",
    }


def test_only_the_most_frequent_signal_types_have_windows() -> None:
    rare = tuple(
        Heard(who, -who * DAY - 1, f"type{number:02}") for number in range(20) for who in range(1 + number // 8)
    )
    schema = declared(replace(LIVELY, heard=rare))
    assert len(schema.signal_types) == MAX_SIGNAL_TYPES
    assert {f"type{number:02}" for number in range(8, 20)} == set(schema.signal_types)


def test_a_boolean_attribute_stays_one() -> None:
    assert feature(declared(TRIAL), "customer.vip").kind is FeatureKind.BOOLEAN
