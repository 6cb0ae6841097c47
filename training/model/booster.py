"""Fitting the booster: LightGBM with small, regularised trees, as many as customers it has not seen can bear."""

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

_LEAST_OF_A_KIND = 20


@dataclass(frozen=True, slots=True)
class BoosterSettings:
    """How the booster is grown. Defaults suit rare outcomes and weak signals, where deep trees learn noise by heart.

    Attributes
    ----------
    trees : int
        At most so many; cross-fitting may ask for fewer.
    leaves : int
        Per tree, at most.
    ridge : float
        Squared penalty on leaf values.
    action_emphasis : float
        How many times its worth a split on a property of the action counts, at least 1. Above 1 the trees look harder
        for customers whom actions suit differently.
    patience : int
        Trees without progress on unseen customers before growing ends.
    folds : int
        Of customers, at least 2, in cross-fitting.
    workers : int
        Folds or members grown at the same time, each on one thread.
    members : int
        Boosters whose mean serves, at least 1; see :mod:`heed.training.model.ensemble`. Scoring takes as many times
        longer.
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
    """What models say that have not seen the customer.

    Attributes
    ----------
    fold : array of int, shape (n,)
        The fold of each row.
    boosters : tuple of Booster
        Number k was fitted on all folds but k.
    rounds : int
        How many trees a model of all rows should have.
    margin : array of float, shape (n,)
        In log-odds, each by the booster that has not seen the row's customer, after `rounds` trees.
    loss : float
        Mean log-loss of these, in nats.
    """

    fold: Indices
    boosters: tuple[lightgbm.Booster, ...]
    rounds: int
    margin: Floats
    loss: float

    def margins(self, matrix: Floats) -> Floats:
        """Margins of other rows of the same customers, in the same order: shape (n,)."""
        return _unseen(matrix, self.fold, self.boosters, self.rounds)


def cross_fit(sample: Sample, schema: FeatureSchema, settings: BoosterSettings, seed: int) -> CrossFit:
    """Grow a booster on all folds but one, for each fold, until the fold left out sees no more progress.

    Raises
    ------
    TrainingError
        If no feature tells rows apart, or the outcome happened never or always.
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
    """Boosters of so many trees each, which differ by their draws of rows and features alone.

    They are the same for the same arguments.
    """
    rows = _dataset(sample, schema).construct()

    def grow(number: int) -> lightgbm.Booster:
        drawn = lightgbm_parameters(len(sample), settings, seed, schema) | _draws(seed, number)
        return lightgbm.train(drawn, rows, num_boost_round=rounds)

    return tuple(map(grow, range(settings.members)))


def full_data_rounds(rounds: int, settings: BoosterSettings) -> int:
    """How many trees a booster of all rows bears, where those of all folds but one bear `rounds`.

    It has more rows, by one part in `folds` - 1, and others beside it: it may take half as many trees more.
    """
    return round(rounds * (1.0 + 0.5 / (settings.folds - 1)))


def lightgbm_parameters(rows: int, settings: BoosterSettings, seed: int, schema: FeatureSchema) -> dict[str, Any]:
    """LightGBM's parameters for so many rows of these features."""
    of_actions = {feature.name for feature in schema.of_source(FeatureSource.ACTION)}
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
        "feature_contri": [settings.action_emphasis if name in of_actions else 1.0 for name in schema.names],
        "seed": seed,
        # Two threads on one booster are little faster than one where cores are free, and many times slower elsewhere.
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbose": -1,
    }


def _draws(seed: int, number: int) -> dict[str, int]:
    """What makes a member differ from the first, which draws by the seed alone."""
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
        raise TrainingError("no feature tells contacts apart", field="features", value=0, remedy=remedy)
    positives = int(sample.label.sum())
    if not _LEAST_OF_A_KIND <= positives <= len(sample) - _LEAST_OF_A_KIND:
        said = f"{positives} of {len(sample)} contacts to fit on"
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
