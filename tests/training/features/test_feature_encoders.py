"""Values become numbers, and values that cannot are refused by name."""

import math

import numpy as np
import pandas as pd
import pytest

from heed.decisioning.canonical import Scalar
from heed.decisioning.errors import ContractError, InvalidInput
from heed.training.features.encoders import encode_column, encoder
from heed.training.features.feature import Feature, FeatureKind, FeatureSource

AGE = Feature("customer.age", FeatureKind.NUMERIC, FeatureSource.CUSTOMER, "age")
PLAN = Feature("customer.plan", FeatureKind.CATEGORICAL, FeatureSource.CUSTOMER, "plan", ("basic", "plus"))
VIP = Feature("customer.vip", FeatureKind.BOOLEAN, FeatureSource.CUSTOMER, "vip")


@pytest.mark.parametrize(
    ("feature", "value", "number"),
    [(AGE, 40, 40.0), (AGE, 0.1, 0.1), (AGE, True, 1.0), (PLAN, "plus", 1.0), (VIP, True, 1.0), (VIP, 0, 0.0)],
    ids=["a whole number", "a fraction", "yes as a number", "a category", "yes", "zero for no"],
)
def test_a_value_has_its_number(feature: Feature, value: Scalar, number: float) -> None:
    assert encoder(feature)(value) == number


@pytest.mark.parametrize(
    ("feature", "value"),
    [(AGE, None), (AGE, math.nan), (PLAN, None), (PLAN, "gold"), (PLAN, ""), (VIP, None)],
    ids=["no age", "not a number", "no plan", "a plan never seen", "an empty text", "neither yes nor no"],
)
def test_what_is_not_known_is_missing(feature: Feature, value: Scalar) -> None:
    assert math.isnan(encoder(feature)(value))


@pytest.mark.parametrize(
    ("feature", "value", "message"),
    [
        (AGE, "40", r"^expected a number, got str in `customer.age`$"),
        (AGE, math.inf, r"^expected a finite number, got float in `customer.age`$"),
        (AGE, 10**400, r"^expected a number in the range of floats, got int in `customer.age`$"),
        (PLAN, 1, r"^expected text, got int in `customer.plan`$"),
        (PLAN, True, r"^expected text, got bool in `customer.plan`$"),
        (VIP, "yes", r"^expected true or false, got str in `customer.vip`$"),
        (VIP, 2, r"^expected true or false, got int in `customer.vip`$"),
    ],
    ids=["text for a number", "infinity", "a number too large", "a number for text", "yes for text",
         "text for yes or no", "a number beyond yes and no"],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_and_not_shown(feature: Feature, value: Scalar, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        encoder(feature)(value)


def test_columns_have_the_numbers_of_their_values() -> None:
    frame = pd.DataFrame({"age": [40.0, None], "plan": pd.Series(["gold", "basic"], dtype="str")})
    np.testing.assert_array_equal(encode_column(AGE, frame, "age"), [40.0, math.nan])
    np.testing.assert_array_equal(encode_column(PLAN, frame, "plan"), [math.nan, 0.0])


def test_a_column_that_the_data_does_not_have_is_missing_in_every_row() -> None:
    assert np.isnan(encode_column(AGE, pd.DataFrame({"plan": ["basic", "plus"]}), "age")).tolist() == [True, True]


@pytest.mark.parametrize(
    ("feature", "column"),
    [(PLAN, pd.Series([1.0, 2.0])), (AGE, pd.Series(["1", "2"], dtype="str"))],
    ids=["numbers for text", "text for numbers"],
)
def test_a_column_of_another_type_is_refused(feature: Feature, column: pd.Series) -> None:
    with pytest.raises(ContractError, match=rf"another type than in training in `{feature.name}`.* {feature.kind}"):
        encode_column(feature, pd.DataFrame({feature.of: column}), feature.of)
