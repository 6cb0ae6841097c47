"""Hypothesis strategies for engagement histories, as training data and as serving facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.customer import Contact, ContactState, Customer, Facts, Signal, Signals
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames
from heed.training.features.feature import Feature, FeatureKind, FeatureSource, WindowOp
from heed.training.features.feature_schema import FeatureSchema
from heed.training.features.vocabulary import Vocabulary
from heed.training.features.window_features import window_features

DAY = 86_400_000_000
# The clocks of Europe/Berlin go back one hour later on this day, those of America/New_York a week later.
NOW = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
TYPES = ("click", "open", "visit")
CHANNELS = ("email", "push")
ACTIONS = {"mail": "email", "offer": "email", "nudge": "push", "letter": "post"}
ZONES = (None, "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC")
TONES = {"mail": "warm", "offer": None, "nudge": "urgent", "letter": "warm"}


@dataclass(frozen=True)
class Person:
    zone: str | None = None
    age: float | None = None
    plan: str | None = None
    vip: bool | None = None
    jurisdiction: str | None = None


@dataclass(frozen=True)
class Heard:
    """A signal: `at` in microseconds from NOW."""

    who: int
    at: int
    type: str = "click"
    channel: str | None = "email"
    certainty: float = 1.0


@dataclass(frozen=True)
class Offered:
    """A contact or hold row: `at` in microseconds from NOW."""

    who: int
    at: int
    action: str = "mail"
    device: str | None = None


@dataclass(frozen=True)
class Story:
    people: tuple[Person, ...] = (Person(),)
    heard: tuple[Heard, ...] = ()
    offered: tuple[Offered, ...] = field(default=(Offered(0, 0),))


def moment(at: int) -> datetime:
    return NOW + timedelta(microseconds=at)


def data_of(story: Story) -> EngagementData:
    """The history in the types of the data contract, without its slow checks."""
    return EngagementData(**frames_of(story), outcomes=pd.DataFrame(), digest="")


def frames_of(story: Story) -> dict[str, pd.DataFrame]:
    """The history as tables."""
    people = [f"c{number}" for number in range(len(story.people))]
    return {
        "actions": _actions(),
        "customers": pd.DataFrame(
            {
                "customer_id": _texts(people),
                "time_zone": _texts([one.zone for one in story.people]),
                "jurisdiction": _texts([one.jurisdiction for one in story.people]),
                "age": pd.Series([one.age for one in story.people], dtype="float64"),
                "plan": _texts([one.plan for one in story.people]),
                "vip": pd.Series([one.vip for one in story.people], dtype="boolean"),
            }
        ),
        "contacts": pd.DataFrame(
            {
                "contact_id": _texts([f"k{number}" for number in range(len(story.offered))]),
                "customer_id": _texts([people[one.who] for one in story.offered]),
                "action_id": _texts([one.action for one in story.offered]),
                "at": _times([one.at for one in story.offered]),
                "device": _texts([one.device for one in story.offered]),
            }
        ),
        "signals": pd.DataFrame(
            {
                "signal_id": _texts([f"s{number}" for number in range(len(story.heard))]),
                "customer_id": _texts([people[one.who] for one in story.heard]),
                "at": _times([one.at for one in story.heard]),
                "type": _texts([one.type for one in story.heard]),
                "channel": _texts([one.channel for one in story.heard]),
                "certainty": pd.Series([one.certainty for one in story.heard], dtype="float64"),
            }
        ),
    }


@cache
def catalogue() -> dict[str, Action]:
    """The actions by id, as serving has them."""
    return dict(to_catalogue(from_frames(**frames_of(Story()))).by_id)


def facts_of(story: Story, row: int) -> Facts:
    """What serving knows at this row's decision, and later events that it must ignore."""
    decided = story.offered[row]
    person = story.people[decided.who]
    attributes: dict[str, Scalar] = {"age": person.age, "plan": person.plan, "vip": person.vip}
    customer = Customer(
        customer_id=f"c{decided.who}",
        attributes={name: value for name, value in attributes.items() if value is not None},
        time_zone=person.zone,
        jurisdiction=person.jurisdiction,
        signals=Signals.of(_signal(one, row) for one in story.heard if one.who == decided.who),
        contacts=(*_contacts(story, decided.who), _released(decided)),
    )
    return Facts(customer, moment(decided.at), {"device": decided.device})


@cache
def full_schema() -> FeatureSchema:
    """Every kind of feature, with vocabularies that miss some values."""
    words = Vocabulary(TYPES[:2], CHANNELS, ("mail", "nudge", "offer"))
    return FeatureSchema(
        features=(
            Feature("customer.age", FeatureKind.NUMERIC, FeatureSource.CUSTOMER, "age"),
            Feature(
                "customer.jurisdiction", FeatureKind.CATEGORICAL, FeatureSource.CUSTOMER, "jurisdiction", ("DE", "FR")
            ),
            Feature("customer.plan", FeatureKind.CATEGORICAL, FeatureSource.CUSTOMER, "plan", ("basic", "plus")),
            Feature("customer.vip", FeatureKind.BOOLEAN, FeatureSource.CUSTOMER, "vip"),
            Feature(
                "action.action_id", FeatureKind.CATEGORICAL, FeatureSource.ACTION, "action_id", (HOLD, "mail", "nudge")
            ),
            Feature("action.channel", FeatureKind.CATEGORICAL, FeatureSource.ACTION, "channel", CHANNELS),
            Feature("action.cost", FeatureKind.NUMERIC, FeatureSource.ACTION, "cost"),
            Feature(
                "action.message_class",
                FeatureKind.CATEGORICAL,
                FeatureSource.ACTION,
                "message_class",
                ("marketing", "service"),
            ),
            Feature("action.tone", FeatureKind.CATEGORICAL, FeatureSource.ACTION, "tone", ("urgent", "warm")),
            Feature("action.value", FeatureKind.NUMERIC, FeatureSource.ACTION, "value"),
            Feature("context.device", FeatureKind.CATEGORICAL, FeatureSource.CONTEXT, "device", ("desk", "phone")),
            Feature("local_hour", FeatureKind.NUMERIC, FeatureSource.TIME, "hour"),
            Feature("local_weekday", FeatureKind.NUMERIC, FeatureSource.TIME, "weekday"),
            *(_with_prior(feature) for feature in window_features(words)),
        ),
        signal_types=words.signal_types,
        channels=words.channels,
        actions=words.actions,
        attributes=(("age", "number"), ("plan", "text"), ("vip", "boolean")),
    )


UNEVEN = st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.7, 1.0]) | st.floats(1e-6, 1.0)


def stories(certainties: st.SearchStrategy[float] = UNEVEN) -> st.SearchStrategy[Story]:
    """Histories with events near window ends, ties, gaps and unknown values."""
    who = st.integers(0, 2)
    edges = st.sampled_from([0, 1, 7, 30, 90, 2]).map(lambda days: -days * DAY)
    near = st.builds(int.__add__, edges, st.sampled_from([-1, 0, 0, 1, 3_600_000_000]))
    at = near | st.integers(-100 * DAY, 5 * DAY)
    people = st.builds(
        Person,
        zone=st.sampled_from(ZONES),
        age=st.none() | st.floats(-1e9, 1e9),
        plan=st.sampled_from([None, "basic", "plus", "gold"]),
        vip=st.sampled_from([None, True, False]),
        jurisdiction=st.sampled_from([None, "DE", "FR", "US"]),
    )
    heard = st.builds(
        Heard,
        who=who,
        at=at,
        type=st.sampled_from(TYPES),
        channel=st.sampled_from([None, *CHANNELS, "web"]),
        certainty=certainties,
    )
    offered = st.builds(
        Offered,
        who=who,
        at=at,
        action=st.sampled_from([*ACTIONS, HOLD]),
        device=st.sampled_from([None, "desk", "phone", "watch"]),
    )
    return st.builds(
        Story,
        people=st.tuples(people, people, people),
        heard=st.lists(heard, max_size=40).map(tuple),
        offered=st.lists(offered, min_size=1, max_size=25).map(tuple),
    )


def bits(matrix: np.ndarray) -> np.ndarray:
    """The bits of a matrix: equality then distinguishes -0.0 from 0.0, and NaNs by payload."""
    return np.ascontiguousarray(matrix).view(np.int64)


def _with_prior(feature: Feature) -> Feature:
    measure = feature.measure
    if measure is None or measure.op is not WindowOp.RATE:
        return feature
    return replace(feature, measure=replace(measure, prior=0.1))


def _signal(one: Heard, row: int) -> Signal:
    # Serving may get any offset from UTC; the moment is what counts.
    zone = (UTC, timezone(timedelta(hours=5, minutes=30)), ZoneInfo("Europe/Berlin"))[(one.at + row) % 3]
    return Signal(one.type, moment(one.at).astimezone(zone), one.channel, one.certainty)


def _contacts(story: Story, who: int) -> list[Contact]:
    return [_contact(one) for one in story.offered if one.who == who and one.action != HOLD]


def _contact(one: Offered) -> Contact:
    return Contact(one.action, ACTIONS[one.action], "marketing", "loyalty", moment(one.at))


def _released(decided: Offered) -> Contact:
    slot = Offered(decided.who, decided.at - DAY // 2)
    return replace(_contact(slot), state=ContactState.RELEASED)


def _actions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action_id": _texts(list(ACTIONS)),
            "channel": _texts(list(ACTIONS.values())),
            "purpose": _texts(["marketing"] * len(ACTIONS)),
            "category": _texts(["loyalty"] * len(ACTIONS)),
            "message_class": _texts(["marketing", "marketing", "service", "marketing"]),
            "value": [10.0, 12.5, 3.0, 40.0],
            "cost": [0.1, 0.1, 0.01, 0.9],
            "outcome": _texts(["purchase"] * len(ACTIONS)),
            "window_days": 7.0,
            "tone": _texts(list(TONES.values())),
        }
    )


def _times(since: list[int]) -> pd.Series:
    return pd.Series([moment(at) for at in since], dtype="datetime64[us, UTC]")


def _texts(values: Sequence[str | None]) -> pd.Series:
    return pd.Series(values, dtype="str")
