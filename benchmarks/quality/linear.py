"""Features as linear models and uplift learners want them. Imported in the peers' environment only."""

from functools import cache

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.quality.tasks import PeerTask


def linear_features(task: PeerTask) -> ColumnTransformer:
    """One-hot categories, a missing one being another; numbers at the median where missing, with a flag, and scaled."""
    numbers = [column for column in range(task.train.shape[1]) if column not in task.columns]
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    coded = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1.0),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20, sparse_output=False),
    )
    return ColumnTransformer([("numbers", scaled, numbers), ("categories", coded, task.columns)])


@cache
def linear_parts(task: PeerTask) -> tuple[np.ndarray, np.ndarray]:
    """Training and test rows in this form, prepared by the training rows alone."""
    features = linear_features(task)
    return np.asarray(features.fit_transform(task.train)), np.asarray(features.transform(task.test))
