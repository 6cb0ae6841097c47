"""Peers for probabilities. Imported in the peers' environment only."""

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import lightgbm
import numpy as np
from lightgbm import LGBMClassifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline
from venn_abers import VennAbersCalibrator

from benchmarks.quality.linear import linear_features
from benchmarks.quality.tasks import PeerTask

LEAVES = (4, 8, 15, 31)
PENALTIES = (0.003, 0.03, 0.3, 3.0)
MOST_TREES, PATIENCE, FOLDS, CALIBRATION_FOLDS = 800, 30, 3, 5
LEAST, MOST = 1e-6, 1.0 - 1e-6
TREES = {
    "learning_rate": 0.05,
    "reg_lambda": 5.0,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.7,
    "cat_smooth": 20.0,
    "n_jobs": 1,
    "verbose": -1,
}


class WithCategories(LGBMClassifier):
    """A LightGBM that knows which columns are categories, also when others clone and fit it."""

    def __init__(self, categories: list[int] | None = None, **settings: Any) -> None:
        self.categories = categories
        super().__init__(**settings)

    def fit(self, rows: np.ndarray, label: np.ndarray, **given: Any) -> "WithCategories":
        """Fit, with the categories named."""
        super().fit(rows, label, categorical_feature=self.categories or "auto", **given)
        return self


def plain_lightgbm(task: PeerTask) -> np.ndarray:
    """LightGBM as it comes."""
    model = WithCategories(task.columns, n_jobs=1, verbose=-1, random_state=task.random_state)
    return _said(model.fit(task.train, task.label), task)


def tuned_lightgbm(task: PeerTask) -> np.ndarray:
    """LightGBM with leaves and trees chosen by the log-loss of grouped cross-validation."""
    return _said(_tuned(task).fit(task.train, task.label), task)


def calibrated_isotonic(task: PeerTask) -> np.ndarray:
    """scikit-learn's cross-fitted isotonic calibration of the tuned LightGBM."""
    return _calibrated(task, "isotonic")


def calibrated_sigmoid(task: PeerTask) -> np.ndarray:
    """scikit-learn's cross-fitted sigmoid calibration of the tuned LightGBM."""
    return _calibrated(task, "sigmoid")


def venn_abers(task: PeerTask) -> np.ndarray:
    """Cross Venn-Abers calibration of the tuned LightGBM."""
    calibrator = VennAbersCalibrator(
        estimator=_tuned(task), inductive=False, n_splits=CALIBRATION_FOLDS, random_state=task.random_state
    )
    calibrator.fit(task.train, task.label.astype(int))
    return _clipped(np.asarray(calibrator.predict_proba(task.test))[:, 1])


def logistic_regression(task: PeerTask) -> np.ndarray:
    """Logistic regression on one-hot categories and scaled numbers, its penalty chosen by grouped cross-validation."""
    model = Pipeline([("prepare", linear_features(task)), ("fit", LogisticRegression(max_iter=2000))])
    folds = _folds(task, FOLDS)
    search = GridSearchCV(model, {"fit__C": PENALTIES}, scoring="neg_log_loss", cv=folds, n_jobs=1)
    return _said(search.fit(task.train, task.label), task)


def hist_gradient_boosting(task: PeerTask) -> np.ndarray:
    """scikit-learn's histogram boosting with small trees and early stopping."""
    model = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=MOST_TREES,
        max_leaf_nodes=15,
        min_samples_leaf=_least_in_leaf(task),
        l2_regularization=5.0,
        categorical_features=task.columns,
        early_stopping=True,
        validation_fraction=0.15,
        n_iter_no_change=PATIENCE,
        random_state=task.random_state,
    )
    return _said(model.fit(task.train, task.label), task)


def _calibrated(task: PeerTask, method: str) -> np.ndarray:
    model = CalibratedClassifierCV(_tuned(task), method=method, cv=_folds(task, CALIBRATION_FOLDS))
    return _said(model.fit(task.train, task.label), task)


def _tuned(task: PeerTask) -> WithCategories:
    leaves, trees = _search(task)
    return WithCategories(
        task.columns,
        n_estimators=trees,
        num_leaves=leaves,
        min_child_samples=_least_in_leaf(task),
        random_state=task.random_state,
        **TREES,
    )


@cache
def _search(task: PeerTask) -> tuple[int, int]:
    """Leaves and trees with the least cross-validated log-loss."""
    _, trees, leaves = min((*_cross_validated(task, leaves), leaves) for leaves in LEAVES)
    print(f"    tuned to {leaves} leaves, {trees} trees", file=sys.stderr, flush=True)
    return leaves, trees


def _cross_validated(task: PeerTask, leaves: int) -> tuple[float, int]:
    rows = lightgbm.Dataset(task.train, task.label.astype(float), categorical_feature=task.columns)
    settings = {
        **TREES,
        "objective": "binary",
        "num_leaves": leaves,
        "min_child_samples": _least_in_leaf(task),
        "seed": task.random_state,
        # Otherwise each number of leaves would need its own binning.
        "feature_pre_filter": False,
    }
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    found = lightgbm.cv(settings, rows, MOST_TREES, folds=_folds(task, FOLDS), callbacks=[stop])
    losses = found["valid binary_logloss-mean"]
    return float(min(losses)), len(losses)


def _folds(task: PeerTask, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    folds = GroupKFold(count, shuffle=True, random_state=task.random_state)
    return list(folds.split(task.train, groups=task.groups))


def _least_in_leaf(task: PeerTask) -> int:
    return int(np.clip(len(task.label) // 300, 20, 400))


def _said(model: Any, task: PeerTask) -> np.ndarray:
    return _clipped(np.asarray(model.predict_proba(task.test))[:, 1])


def _clipped(propensity: np.ndarray) -> np.ndarray:
    """Isotonic steps can be 0 or 1, at which one surprise would cost infinitely much."""
    return np.clip(propensity, LEAST, MOST)


METHODS: dict[str, Callable[[PeerTask], np.ndarray]] = {
    "LightGBM, defaults": plain_lightgbm,
    "LightGBM, tuned": tuned_lightgbm,
    "tuned, isotonic": calibrated_isotonic,
    "tuned, sigmoid": calibrated_sigmoid,
    "tuned, Venn-Abers": venn_abers,
    "logistic regression": logistic_regression,
    "HistGradientBoosting": hist_gradient_boosting,
}
