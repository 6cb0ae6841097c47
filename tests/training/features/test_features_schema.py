"""The schema as a value: what it says of its columns, and that it survives being written down."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.canonical import Scalar
from heed.decisioning.errors import ContractError
from heed.training.features.definition import define_features
from heed.training.features.feature import EventGroup, Feature, FeatureKind, FeatureSource, WindowMeasure, WindowOp
from heed.training.features.feature_schema import FeatureSchema, attribute_types
from tests.support.engagement_strategies import Story, data_of, full_schema, stories


def written_and_read(schema: FeatureSchema) -> FeatureSchema:
    return FeatureSchema.from_dict(json.loads(json.dumps(schema.to_dict())))


def test_a_schema_survives_json() -> None:
    schema = full_schema()
    again = written_and_read(schema)
    assert again == schema
    assert again.digest == schema.digest
    assert again.categorical_columns == schema.categorical_columns


@settings(max_examples=25, deadline=None)
@given(story=stories())
def test_a_declared_schema_survives_json(story: Story) -> None:
    schema = define_features(data_of(story), np.arange(len(story.offered)))
    assert written_and_read(schema) == schema


def test_the_digest_changes_with_a_prior() -> None:
    schema = full_schema()
    last = schema.features[-1]
    assert last.measure is not None
    changed = replace(last, measure=replace(last.measure, prior=0.1000001))
    assert replace(schema, features=(*schema.features[:-1], changed)).digest != schema.digest


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("customer.plan", 1.0, "plus"),
        ("customer.vip", 1.0, True),
        ("customer.vip", 0.0, False),
        ("customer.age", 40.0, 40),
        ("customer.age", 40.5, 40.5),
        ("customer.plan", float("nan"), None),
        ("days_since_contact", float("nan"), None),
    ],
    ids=["a category", "yes", "no", "a whole number", "a fraction", "an unknown category", "nothing to measure"],
)
def test_a_number_is_described_in_the_words_of_the_data(name: str, value: float, said: Scalar) -> None:
    schema = full_schema()
    described = schema.describe(value, schema.names.index(name))
    assert described == said
    assert type(described) is type(said)


def test_categorical_columns_are_those_of_codes() -> None:
    schema = full_schema()
    assert [schema.names[column] for column in schema.categorical_columns] == [
        "customer.jurisdiction",
        "customer.plan",
        "action.action_id",
        "action.channel",
        "action.message_class",
        "action.tone",
        "context.device",
    ]


def test_attribute_types_name_every_attribute_of_customers() -> None:
    assert attribute_types(full_schema()) == {"age": "number", "plan": "text", "vip": "boolean"}


def test_a_schema_without_windows_looks_back_at_nothing() -> None:
    assert FeatureSchema(full_schema().features[:3]).horizon.days == 0


def test_two_features_of_one_name_are_refused() -> None:
    age = Feature("customer.age", FeatureKind.NUMERIC, FeatureSource.CUSTOMER, "age")
    with pytest.raises(ContractError, match=r"two features share a name in `features`: `customer.age`"):
        FeatureSchema((age, age))


def test_features_out_of_order_are_refused() -> None:
    with pytest.raises(ContractError, match=r"not grouped by source .* customer, action, context"):
        FeatureSchema(full_schema().features[::-1], ("click", "open"), ("email", "push"), ("mail", "nudge", "offer"))


@pytest.mark.parametrize(
    ("source", "measure"),
    [
        (FeatureSource.WINDOW, None),
        (FeatureSource.CUSTOMER, WindowMeasure(WindowOp.COUNT, EventGroup.CONTACT, 7)),
        (FeatureSource.WINDOW, WindowMeasure(WindowOp.COUNT, EventGroup.SIGNAL_TYPE, 7, "sneeze")),
        (FeatureSource.WINDOW, WindowMeasure(WindowOp.COUNT, EventGroup.CONTACT, 0)),
        (FeatureSource.WINDOW, WindowMeasure(WindowOp.RATE, EventGroup.CONTACT_ACTION, 7, "mail")),
        (FeatureSource.CROSS, WindowMeasure(WindowOp.COUNT, EventGroup.SIGNAL_TYPE, 7)),
        (FeatureSource.CROSS, WindowMeasure(WindowOp.COUNT, EventGroup.CONTACT_CHANNEL, 7, "email")),
    ],
    ids=[
        "a window that measures nothing",
        "an attribute that measures",
        "a signal type without a word for it",
        "a window of no length",
        "a rate of contacts",
        "a candidate's own signal type",
        "a cross feature of a fixed channel",
    ],
)
def test_what_cannot_be_counted_is_refused(source: FeatureSource, measure: WindowMeasure | None) -> None:
    odd = Feature("odd", FeatureKind.NUMERIC, source, measure=measure)
    with pytest.raises(ContractError, match=r"has an invalid measure in `odd`"):
        FeatureSchema((odd,), ("click",), ("email",), ("mail",))


def without(content: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != field}


@pytest.mark.parametrize("field", ["features", "signal_types", "attributes"])
def test_a_form_with_a_field_missing_is_refused(field: str) -> None:
    with pytest.raises(ContractError, match=rf"not a feature schema \('{field}'\)"):
        FeatureSchema.from_dict(without(full_schema().to_dict(), field))


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("kind", "fuzzy", "'fuzzy' is not a valid FeatureKind"),
        ("colour", "red", "unexpected keyword argument 'colour'"),
    ],
    ids=["an unknown kind", "an unknown field"],
)
def test_a_form_with_an_odd_feature_is_refused(field: str, value: str, reason: str) -> None:
    content = full_schema().to_dict()
    content["features"][0] = {**content["features"][0], field: value}
    with pytest.raises(ContractError, match=reason):
        FeatureSchema.from_dict(content)


@given(code=st.integers(0, 1))
def test_codes_and_categories_are_each_others_inverse(code: int) -> None:
    plan = next(feature for feature in full_schema().features if feature.name == "customer.plan")
    assert plan.codes[plan.categories[code]] == code
