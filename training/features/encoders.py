"""Encode values as numbers: single values when serving, whole columns when training."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from heed.decisioning.canonical import Scalar
from heed.decisioning.errors import ContractError, InvalidInput
from heed.decisioning.score import Floats
from heed.training.features.feature import MISSING, Feature, FeatureKind

Encoder = Callable[[Scalar], float]


def encoder(feature: Feature) -> Encoder:
    """The function that encodes a value of this feature; NaN for None and for unknown categories.

    The function raises InvalidInput if the type does not fit. The message omits the value, which may be personal data.
    """
    return {FeatureKind.CATEGORICAL: _category, FeatureKind.BOOLEAN: _boolean, FeatureKind.NUMERIC: _number}[
        feature.kind
    ](feature)


def encode_column(feature: Feature, frame: pd.DataFrame, column: str) -> Floats:
    """Encode a column of the contract's types, shape (n,); all missing if the frame has no such column.

    Raises
    ------
    ContractError
        If the column is text and the feature numeric, or the other way round.
    """
    if column not in frame.columns or frame[column].isna().all():
        return np.full(len(frame), MISSING)
    values = frame[column]
    if pd.api.types.is_numeric_dtype(values.dtype) is (feature.kind is FeatureKind.CATEGORICAL):
        remedy = f"the model was trained on {feature.kind} values"
        raise ContractError("a column has another type than in training", field=feature.name, remedy=remedy)
    return _coded(feature.categories, values) if feature.kind is FeatureKind.CATEGORICAL else _floats(values)


def _coded(categories: tuple[str, ...], values: pd.Series) -> Floats:
    indices = pd.Index(list(categories), dtype="str").get_indexer(pd.Index(values))
    return np.where(indices < 0, MISSING, indices.astype(np.float64))


def _floats(values: pd.Series) -> Floats:
    numbers = values.to_numpy(dtype=np.float64, na_value=MISSING)
    return np.where(np.isnan(numbers), MISSING, numbers)


def _category(feature: Feature) -> Encoder:
    codes: Mapping[str, float] = feature.codes

    def code(value: Scalar) -> float:
        if value is None:
            return MISSING
        if not isinstance(value, str):
            raise _misfit(feature, value, "text")
        return codes.get(value, MISSING)

    return code


def _number(feature: Feature) -> Encoder:
    def number(value: Scalar) -> float:
        if value is None:
            return MISSING
        if isinstance(value, str):
            raise _misfit(feature, value, "a number")
        return _finite(feature, value)

    return number


def _boolean(feature: Feature) -> Encoder:
    def flag(value: Scalar) -> float:
        if value is None:
            return MISSING
        if isinstance(value, str) or value not in (0, 1):
            raise _misfit(feature, value, "true or false")
        return float(value)

    return flag


def _finite(feature: Feature, value: float) -> float:
    try:
        number = float(value)
    except OverflowError as error:
        raise _misfit(feature, value, "a number in the range of floats") from error
    if math.isinf(number):
        raise _misfit(feature, value, "a finite number")
    return MISSING if math.isnan(number) else number


def _misfit(feature: Feature, value: Scalar, expected: str) -> InvalidInput:
    return InvalidInput(f"expected {expected}, got {type(value).__name__}", field=feature.name)
