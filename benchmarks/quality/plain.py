"""scikit-learn's calibration of LightGBM as it comes. Imported in the peers' environment only."""

from collections.abc import Callable

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GroupKFold

from benchmarks.quality.probabilities import CALIBRATION_FOLDS, LEAST, MOST, WithCategories
from benchmarks.quality.tasks import PeerTask


def isotonic(task: PeerTask) -> np.ndarray:
    """Cross-fitted isotonic calibration."""
    return _calibrated(task, "isotonic")


def sigmoid(task: PeerTask) -> np.ndarray:
    """Cross-fitted sigmoid calibration."""
    return _calibrated(task, "sigmoid")


def _calibrated(task: PeerTask, method: str) -> np.ndarray:
    model = WithCategories(task.columns, n_jobs=1, verbose=-1, random_state=task.random_state)
    folds = GroupKFold(CALIBRATION_FOLDS, shuffle=True, random_state=task.random_state)
    dealt = list(folds.split(task.train, groups=task.groups))
    calibrated = CalibratedClassifierCV(model, method=method, cv=dealt).fit(task.train, task.label)
    return np.clip(np.asarray(calibrated.predict_proba(task.test))[:, 1], LEAST, MOST)


METHODS: dict[str, Callable[[PeerTask], np.ndarray]] = {"defaults, isotonic": isotonic, "defaults, sigmoid": sigmoid}
