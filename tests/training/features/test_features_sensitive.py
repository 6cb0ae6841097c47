"""What no model may see unless a policy says so, by whatever spelling it comes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.training.features.definition import define_features, sensitive_attributes
from heed.training.features.sensitive_names import SENSITIVE, is_sensitive, withheld_names
from heed.training.pipeline.dataset import build_dataset
from tests.support.engagement_strategies import data_of
from tests.support.small_world import small_world
from tests.training.features.test_feature_definition import TRIAL


@pytest.mark.parametrize(
    "name",
    [
        "Religion", "religions", " RELIGION ", "customer_religion", "sexual orientation", "SexualOrientation",
        "sexual-orientations", "politicalParty", "Political_Opinions", "trade  union", "union-members", "disabilities",
        "health", "HEALTH_score", "criminal records", "\uff32eligion", "ethnicities", "pregnant?",
    ],
)  # fmt: skip
def test_no_spelling_slips_through(name):
    assert is_sensitive(name)


@pytest.mark.parametrize(
    "name",
    [
        "healthy",
        "racecourse",
        "union",
        "member",
        "orientation",
        "grace",
        "embrace",
        "tenure_days",
        "trade",
        "class",
        "",
    ],
)
def test_what_only_looks_alike_is_let_through(name):
    assert not is_sensitive(name)


@given(st.sampled_from(sorted(SENSITIVE)), st.sampled_from(["_", " ", "-", ".", "  "]), st.booleans(), st.booleans())
def test_every_word_is_known_in_every_dress(name, joint, plural, upper):
    dressed = name.replace("_", joint) + ("s" if plural and not name.endswith("s") else "")
    assert is_sensitive(dressed.upper() if upper else dressed.title())


def test_what_is_allowed_is_allowed_in_any_spelling_and_nothing_beside_it():
    names = ["Religion", "customer religion", "health", "age"]
    assert withheld_names(names, ()) == {"Religion", "customer religion", "health"}
    assert withheld_names(names, ("religions",)) == {"customer religion", "health"}
    assert withheld_names(names, ("CustomerReligion", "HEALTH")) == {"Religion"}


def data_with(table, **columns):
    data = data_of(TRIAL)
    texts = {name: pd.Series(values, dtype="str") for name, values in columns.items()}
    return replace(data, **{table: getattr(data, table).assign(**texts)})


BELIEFS = {"Religious Beliefs": ["a", "b", "a", "b"]}


@pytest.mark.parametrize("table", ["customers", "contacts"])
def test_a_sensitive_attribute_is_no_feature_of_customers_or_contexts(table):
    data = data_with(table, **BELIEFS)
    of = {one.of for one in define_features(data, np.arange(4)).features}
    assert "Religious Beliefs" not in of
    assert sensitive_attributes(data) == {"Religious Beliefs"}
    allowed = define_features(data, np.arange(4), include=frozenset({"religious_belief"}))
    assert "Religious Beliefs" in {one.of for one in allowed.features}


@pytest.mark.parametrize("include", [frozenset(), frozenset({"health status"})], ids=["silent", "allowed"])
def test_a_training_sees_what_it_is_allowed_to_see(include):
    data = small_world()[1].data
    odd = np.where(np.arange(len(data.customers)) % 2 == 0, "good", "poor")
    told = replace(data, customers=data.customers.assign(Health_Status=pd.Series(odd, dtype="str")))
    schema = build_dataset(told, outcome=None, by="customer", seed=0, include=include).schema
    assert ("customer.Health_Status" in schema.names) is bool(include)


def test_a_property_of_an_action_is_not_a_property_of_a_person():
    data = data_with("actions", health=["vitamins", "none", "none"][: len(data_of(TRIAL).actions)])
    assert sensitive_attributes(data) == frozenset()
