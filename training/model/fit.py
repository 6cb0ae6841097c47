"""Fitting the booster: LightGBM with small, regularised trees, stopped by customers it has not seen."""

from dataclasses import asdict, dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from decisioning.score import Floats
from training.errors import TrainingError
from training.features.schema import FeatureSchema

_LEAST_OF_A_KIND = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """How the booster is grown. Defaults suit rare outcomes and weak signals, where deep trees learn noise by heart.

    Attributes
    ----------
    trees : int
        At most so many; the stop part may ask for fewer.
    leaves : int
        Per tree, at most.
    ridge : float
        Squared penalty on leaf values.
    patience : int
        Trees without progress on the stop part before growing ends.
    threads : int
        Two are little faster than one where cores are free, and many times slower where they are not.
    """

    trees: int = 250
    leaves: int = 15
    learning_rate: float = 0.08
    ridge: float = 5.0
    feature_fraction: float = 0.7
    row_fraction: float = 0.8
    patience: int = 30
    threads: int = 1

    def to_dict(self) -> dict[str, float]:
        """JSON-ready form."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows with their labels.

    Attributes
    ----------
    matrix : array of float64, shape (n, columns)
    label : array of bool, shape (n,)
    """

    matrix: Floats
    label: NDArray[np.bool_]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.label)

    def take(self, rows: NDArray[np.int64]) -> "Sample":
        """The rows at these positions."""
        return Sample(self.matrix[rows], self.label[rows])


def fit_booster(fit: Sample, stop: Sample, schema: FeatureSchema, settings: Settings, seed: int) -> lightgbm.Booster:
    """A booster grown on `fit` until `stop` sees no more progress; the same for the same arguments.

    The booster comes back through its own text, as it will from the bundle, and holds the trees up to the best.

    Raises
    ------
    TrainingError
        If no feature tells rows apart, or the outcome happened never or always in the fit part.
    """
    _refuse_unlearnable(fit, schema)
    train = _dataset(fit, schema)
    grown = lightgbm.train(
        parameters(len(fit), settings, seed),
        train,
        num_boost_round=settings.trees,
        valid_sets=[_dataset(stop, schema, train)],
        callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
    )
    return lightgbm.Booster(model_str=grown.model_to_string(num_iteration=grown.best_iteration))


def parameters(rows: int, settings: Settings, seed: int) -> dict[str, Any]:
    """LightGBM's parameters for so many fitting rows."""
    return {
        "objective": "binary",
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "lambda_l2": settings.ridge,
        # A leaf that stands for fewer than one row in 300 is an anecdote.
        "min_data_in_leaf": int(np.clip(rows // 300, 20, 400)),
        "feature_fraction": settings.feature_fraction,
        "bagging_fraction": settings.row_fraction,
        "bagging_freq": 1,
        "cat_smooth": 20.0,
        "seed": seed,
        "num_threads": settings.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


def _refuse_unlearnable(fit: Sample, schema: FeatureSchema) -> None:
    if not schema.features:
        remedy = "give attributes, contexts or signals that differ between contacts"
        raise TrainingError("no feature tells contacts apart", field="features", value=0, remedy=remedy)
    positives = int(fit.label.sum())
    if not _LEAST_OF_A_KIND <= positives <= len(fit) - _LEAST_OF_A_KIND:
        said = f"{positives} of {len(fit)} contacts to fit on"
        remedy = f"give data with at least {_LEAST_OF_A_KIND} of each, or check the outcome type and the windows"
        raise TrainingError("the outcome happens almost never or always", field="outcomes", value=said, remedy=remedy)


def _dataset(sample: Sample, schema: FeatureSchema, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        sample.matrix,
        sample.label.astype(np.float64),
        feature_name=list(schema.names),
        categorical_feature=list(schema.categorical_columns),
        reference=reference,
    )
