"""Peers for policies: uplift learners of econml. Imported in the peers' environment only."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from econml.dr import DRLearner
from econml.metalearners import TLearner, XLearner
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.quality.linear import linear_parts
from benchmarks.quality.tasks import PeerTask

FOLDS = 3
PENALTIES = np.logspace(1, 6, 6)
TREES = {
    "n_estimators": 100,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "reg_lambda": 5.0,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.7,
    "n_jobs": 1,
    "verbose": -1,
}


class Designed(ClassifierMixin, BaseEstimator):
    """A propensity model that was not learnt: the trial's own probabilities, hold first."""

    def __init__(self, design: np.ndarray) -> None:
        self.design = design

    def fit(self, rows: np.ndarray, taken: np.ndarray, **_: Any) -> "Designed":
        """Remember which actions there are; econml compares hold with one of them, or all."""
        del rows
        self.classes_ = np.unique(taken)
        return self

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        """The same for everyone, shape (n, actions present)."""
        present = self.design[self.classes_.astype(int)]
        return np.tile(present / present.sum(), (len(rows), 1))

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The likeliest action for everyone, which econml wants for a score that nobody reads."""
        return np.asarray(self.classes_[self.predict_proba(rows).argmax(axis=1)])


def t_learner(task: PeerTask) -> np.ndarray:
    """One outcome model per action (Kuenzel et al., PNAS 2019)."""
    return _effects(TLearner(models=_regressor(task)), task)


def x_learner(task: PeerTask) -> np.ndarray:
    """Effects imputed by the other arm's model, then learnt (Kuenzel et al., PNAS 2019)."""
    return _effects(XLearner(models=_regressor(task), propensity_model=_propensities(task)), task)


def dr_learner(task: PeerTask) -> np.ndarray:
    """Doubly robust effects (Kennedy, Electronic Journal of Statistics 2023), learnt by boosted trees."""
    return _said(_doubly_robust(task), task)


def dr_linear(task: PeerTask) -> np.ndarray:
    """The same, learnt by ridge regression."""
    learner = _doubly_robust(task)
    learner.model_final = make_pipeline(StandardScaler(), RidgeCV(PENALTIES, cv=FOLDS))
    learner.refit_final()
    return _said(learner, task)


@cache
def _doubly_robust(task: PeerTask) -> DRLearner:
    learner = DRLearner(
        model_propensity=_propensities(task),
        model_regression=_classifier(task),
        model_final=_regressor(task, times=4),
        discrete_outcome=True,
        cv=FOLDS,
        min_propensity=0.01,
        random_state=task.random_state,
    )
    learner.fit(task.label.astype(float), task.taken, X=linear_parts(task)[0], cache_values=True)
    return learner


def _effects(learner: Any, task: PeerTask) -> np.ndarray:
    learner.fit(task.label.astype(float), task.taken, X=linear_parts(task)[0])
    return _said(learner, task)


def _said(learner: Any, task: PeerTask) -> np.ndarray:
    """Uplift over hold of each action, shape (n, actions)."""
    test = linear_parts(task)[1]
    return np.asarray(learner.const_marginal_effect(test), dtype=float).reshape(len(test), -1)


def _propensities(task: PeerTask) -> Any:
    """What the design says where it says it, else what boosted trees make of the log."""
    return (
        Designed(task.design) if len(task.design) else _classifier(task).set_params(n_estimators=50, learning_rate=0.1)
    )


def _least_in_leaf(task: PeerTask, times: int) -> int:
    return int(np.clip(times * np.bincount(task.taken).min() // 50, 20, 400))


def _regressor(task: PeerTask, times: int = 1) -> LGBMRegressor:
    return LGBMRegressor(**TREES, min_child_samples=_least_in_leaf(task, times), random_state=task.random_state)


def _classifier(task: PeerTask) -> LGBMClassifier:
    return LGBMClassifier(**TREES, min_child_samples=_least_in_leaf(task, 1), random_state=task.random_state)


METHODS: dict[str, Callable[[PeerTask], np.ndarray]] = {
    "T-learner": t_learner,
    "X-learner": x_learner,
    "DR-learner": dr_learner,
    "DR-learner, linear": dr_linear,
}
