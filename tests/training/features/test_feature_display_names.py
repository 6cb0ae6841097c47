import pytest

from heed.training.features.display_names import display_name, display_value
from heed.training.features.feature import EventGroup, Feature, FeatureKind, FeatureSource, WindowMeasure, WindowOp
from tests.support.small_model import prepared


def column(source: FeatureSource, of: str = "", measure: WindowMeasure | None = None) -> Feature:
    return Feature("f", FeatureKind.NUMERIC, source, of, measure=measure)


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        pytest.param(column(FeatureSource.CUSTOMER, "tenure_days"), "Customer: tenure days", id="an attribute"),
        pytest.param(column(FeatureSource.ACTION, "action_id"), "Action", id="the action itself"),
        pytest.param(column(FeatureSource.ACTION, "incentive"), "Action: incentive", id="a property of the action"),
        pytest.param(column(FeatureSource.CONTEXT, "page"), "Context: page", id="a context"),
        pytest.param(
            column(FeatureSource.TIME, "weekday"),
            "Day of the week, where the customer is",
            id="a part of the local time",
        ),
        pytest.param(
            column(FeatureSource.WINDOW, measure=WindowMeasure(WindowOp.COUNT, EventGroup.CONTACT, 30)),
            "Contacts, last 30 days",
            id="a count",
        ),
        pytest.param(
            column(FeatureSource.WINDOW, measure=WindowMeasure(WindowOp.COUNT, EventGroup.SIGNAL_TYPE, 1, "app_open")),
            "Signals `app open`, last 24 hours",
            id="a count over one day",
        ),
        pytest.param(
            column(
                FeatureSource.WINDOW, measure=WindowMeasure(WindowOp.RECENCY, EventGroup.CONTACT_CHANNEL, 90, "email")
            ),
            "Days since the last contact by email",
            id="a recency",
        ),
        pytest.param(
            column(FeatureSource.CROSS, measure=WindowMeasure(WindowOp.RATE, EventGroup.SIGNAL_CHANNEL, 90)),
            "Signals by this channel per contact, last 90 days",
            id="a rate of the candidate's own channel",
        ),
        pytest.param(
            column(FeatureSource.CROSS, measure=WindowMeasure(WindowOp.RECENCY, EventGroup.CONTACT_ACTION, 90)),
            "Days since the last contact with this action",
            id="a recency of the candidate itself",
        ),
    ],
)
def test_a_feature_is_said_in_words(feature: Feature, words: str) -> None:
    assert display_name(feature) == words


def test_no_two_features_of_a_model_are_said_alike() -> None:
    said = prepared().schema.display_name_by_column
    assert set(said) == set(prepared().schema.names)
    assert len(set(said.values())) == len(said)


@pytest.mark.parametrize(
    ("value", "words"), [(None, "unknown"), (True, "yes"), (False, "no"), (0.11359, "0.114"), (12, "12"), ("uk", "uk")]
)
def test_a_value_is_said_in_words(value: object, words: str) -> None:
    assert display_value(value) == words
