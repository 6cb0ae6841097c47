"""The booster: LightGBM with small, regularised trees, their number chosen by cross-fitting on unseen customers."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import lightgbm
import numpy as np

from heed.decisioning.score import Floats
from heed.training.errors import TrainingError
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.sample import Indices, Sample
from heed.training.model.split import folds

_MIN_CLASS_ROWS = 20


@dataclass(frozen=True, slots=True)
class BoosterSettings:
    """Hyperparameters of the booster. Defaults suit rare outcomes and weak signals, where deep trees overfit.

    Attributes
    ----------
    trees : int
        Maximum number of boosting rounds; cross-fitting may choose fewer.
    leaves : int
        Maximum leaves per tree.
    ridge : float
        L2 penalty on leaf values.
    action_emphasis : float
        Factor on the gain of splits on action features, at least 1. Above 1 the trees look harder for interactions
        between action and customer.
    patience : int
        Early stopping: rounds without improvement on held-out customers.
    folds : int
        Cross-fitting folds of customers, at least 2.
    workers : int
        Folds trained in parallel, each on one thread.
    members : int
        Boosters in the ensemble, at least 1; see :mod:`heed.training.model.ensemble`. Scoring time
        grows with their number.
    """

    trees: int = 400
    leaves: int = 12
    learning_rate: float = 0.06
    ridge: float = 5.0
    feature_fraction: float = 0.7
    row_fraction: float = 0.8
    action_emphasis: float = 1.0
    patience: int = 25
    folds: int = 4
    workers: int = 2
    members: int = 3

    def to_dict(self) -> dict[str, float]:
        """JSON-ready form."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Out-of-fold predictions: each row is scored by a model that was not trained on its customer.

    Attributes
    ----------
    fold : array of int, shape (n,)
        The fold of each row.
    boosters : tuple of Booster
        Booster k was trained on all folds but k.
    rounds : int
        Boosting rounds chosen by early stopping (median over folds).
    margin : array of float, shape (n,)
        Out-of-fold margin in log-odds after `rounds` trees.
    loss : float
        Mean out-of-fold log-loss, in nats.
    """

    fold: Indices
    boosters: tuple[lightgbm.Booster, ...]
    rounds: int
    margin: Floats
    loss: float

    def margins(self, matrix: Floats) -> Floats:
        """Out-of-fold margins of other rows of the same customers, in the same order: shape (n,)."""
        return _unseen(matrix, self.fold, self.boosters, self.rounds)


def cross_fit(sample: Sample, schema: FeatureSchema, settings: BoosterSettings, seed: int) -> CrossFit:
    """Train one booster per fold on the other folds, with early stopping on the fold left out.

    Raises
    ------
    TrainingError
        If no feature varies, or the outcome almost never or almost always happened.
    """
    _refuse_unlearnable(sample, schema)
    fold = folds(sample.customer, settings.folds, seed)

    def grow(left_out: int) -> lightgbm.Booster:
        seen = _dataset(sample.take(np.flatnonzero(fold != left_out)), schema)
        unseen = _dataset(sample.take(np.flatnonzero(fold == left_out)), schema, seen)
        return lightgbm.train(
            lightgbm_parameters(len(sample), settings, seed, schema),
            seen,
            num_boost_round=settings.trees,
            valid_sets=[unseen],
            callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
        )

    with ThreadPoolExecutor(settings.workers) as pool:
        boosters = tuple(pool.map(grow, range(settings.folds)))
    rounds = max(1, round(float(np.median([booster.best_iteration for booster in boosters]))))
    margin = _unseen(sample.matrix, fold, boosters, rounds)
    loss = float(np.mean(np.logaddexp(0.0, np.where(sample.label, -margin, margin))))
    return CrossFit(fold, boosters, rounds, margin, loss)


def fit_ensemble(
    sample: Sample, schema: FeatureSchema, settings: BoosterSettings, rounds: int, seed: int
) -> tuple[lightgbm.Booster, ...]:
    """Train the members of the ensemble, which differ only in their subsamples of rows and features.

    The same arguments give the same boosters.
    """
    rows = _dataset(sample, schema).construct()

    def grow(number: int) -> lightgbm.Booster:
        drawn = lightgbm_parameters(len(sample), settings, seed, schema) | _draws(seed, number)
        return lightgbm.train(drawn, rows, num_boost_round=rounds)

    return tuple(map(grow, range(settings.members)))


def full_data_rounds(rounds: int, settings: BoosterSettings) -> int:
    """Boosting rounds for training on all rows, given the rounds chosen by cross-fitting.

    Training on all rows uses ``1 / (folds - 1)`` more data; the rounds grow by half of that share.
    """
    return round(rounds * (1.0 + 0.5 / (settings.folds - 1)))


def lightgbm_parameters(rows: int, settings: BoosterSettings, seed: int, schema: FeatureSchema) -> dict[str, Any]:
    """LightGBM parameters for `rows` rows of these features."""
    of_actions = {feature.name for feature in schema.of_source(FeatureSource.ACTION)}
    return {
        "objective": "binary",
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "lambda_l2": settings.ridge,
        # Leaves with less than one row in 300 overfit.
        "min_data_in_leaf": int(np.clip(rows // 300, 20, 400)),
        "feature_fraction": settings.feature_fraction,
        "bagging_fraction": settings.row_fraction,
        "bagging_freq": 1,
        "cat_smooth": 20.0,
        "feature_contri": [settings.action_emphasis if name in of_actions else 1.0 for name in schema.names],
        "seed": seed,
        # A second thread per booster gains little on free cores and slows training several times on busy ones.
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


def _draws(seed: int, number: int) -> dict[str, int]:
    """Sampling seeds of one member; the first uses the global seed alone."""
    if number == 0:
        return {}
    drawn = np.random.default_rng((seed, number)).integers(2**31 - 1, size=2).tolist()
    return {"bagging_seed": drawn[0], "feature_fraction_seed": drawn[1]}


def _unseen(matrix: Floats, fold: Indices, boosters: Sequence[lightgbm.Booster], rounds: int) -> Floats:
    margin = np.empty(len(matrix))
    for number, booster in enumerate(boosters):
        rows = np.flatnonzero(fold == number)
        margin[rows] = booster.predict(matrix[rows], raw_score=True, num_iteration=rounds, num_threads=1)
    return margin


def _refuse_unlearnable(sample: Sample, schema: FeatureSchema) -> None:
    if not schema.features:
        remedy = "give attributes, contexts or signals that differ between contacts"
        raise TrainingError("no feature varies between contacts", field="features", value=0, remedy=remedy)
    positives = int(sample.label.sum())
    if not _MIN_CLASS_ROWS <= positives <= len(sample) - _MIN_CLASS_ROWS:
        counts = f"{positives} of {len(sample)} contacts to fit on"
        remedy = (
            f"give data with at least {_MIN_CLASS_ROWS} rows of each class, or check the outcome type and its window"
        )
        raise TrainingError("the outcome happens almost never or always", field="outcomes", value=counts, remedy=remedy)


def _dataset(sample: Sample, schema: FeatureSchema, reference: lightgbm.Dataset | None = None) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        sample.matrix,
        sample.label.astype(np.float64),
        feature_name=list(schema.names),
        categorical_feature=list(schema.categorical_columns),
        reference=reference,
    )
