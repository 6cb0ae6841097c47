"""The bundle as an MLflow model: feature frames in, probabilities out.

MLflow calls ``_load_pyfunc``. The input is a frame with one column per feature of the schema: categories as text,
windows as numbers, missing values as NaN. To score raw customers and signals, with guardrails, use the service.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError
from heed.training.features.encoders import encode_column
from heed.training.features.feature import FeatureKind
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_bundle

OUTPUT = ("propensity", "low", "high")


class PyfuncModel:
    """The object that MLflow calls."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def predict(self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """Propensity with its interval for each row, on the index of the input."""
        del params
        rows = encode_frame(self._bundle.schema, model_input)
        scores = self._bundle.score_frame(rows)
        return pd.DataFrame(dict(zip(OUTPUT, scores, strict=True)), index=model_input.index)


def _load_pyfunc(path: str) -> PyfuncModel:
    """Entry point of MLflow: the model stored in a directory."""
    return PyfuncModel(load_bundle(Path(path)))


def encode_frame(schema: FeatureSchema, frame: pd.DataFrame) -> Floats:
    """Encode a feature frame, shape (n, columns); a feature without a column is missing in every row.

    Raises
    ------
    TrainingError
        If a column is not a feature, or there are no columns.
    """
    unknown = [str(column) for column in frame.columns if column not in schema.names]
    if unknown or not len(frame.columns):
        remedy = "name the columns as in features.json of the bundle"
        raise TrainingError("a column is not a feature of the model", field="columns", value=unknown, remedy=remedy)
    return np.column_stack([encode_column(feature, frame, feature.name) for feature in schema.features])


def decode_rows(schema: FeatureSchema, rows: Floats) -> pd.DataFrame:
    """The feature frame of encoded rows: the inverse of :func:`encode_frame`."""
    columns: dict[str, pd.Series] = {}
    for column, feature in enumerate(schema.features):
        if feature.kind is FeatureKind.CATEGORICAL:
            words = [schema.describe(float(value), column) for value in rows[:, column]]
            columns[feature.name] = pd.Series(words, dtype="str")
        else:
            columns[feature.name] = pd.Series(rows[:, column])
    return pd.DataFrame(columns)
