"""Samples from engagement data: a matrix, labels and pooling groups for given contacts."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heed.training.contract.engagement_data import EngagementData
from heed.training.features.feature_matrix import training_matrix
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.calibrators.pooling_groups import PoolingGroups, encode_groups
from heed.training.model.sample import Sample


def build_sample(
    schema: FeatureSchema,
    data: EngagementData,
    rows: NDArray[np.int64],
    label: NDArray[np.bool_],
) -> Sample:
    """Build a sample from contacts, for training or evaluation.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Row indices into ``data.contacts``.
    """
    contacts = data.contacts.iloc[rows]
    recorded = contacts["propensity"].to_numpy(dtype=np.float64, na_value=np.nan)
    return Sample(
        matrix=training_matrix(schema, data, rows),
        label=label,
        customer=pd.factorize(contacts["customer_id"])[0].astype(np.int64),
        pooling_groups=contact_pooling_groups(data, contacts["action_id"]),
        propensity=recorded,
        at=contacts["at"].to_numpy(dtype="datetime64[us]").astype(np.int64),
    )


def contact_pooling_groups(data: EngagementData, action: pd.Series) -> PoolingGroups:
    """Pooling groups of actions; hold and actions missing from the table ``actions`` have no channel or category."""
    table = data.actions.set_index("action_id")
    return encode_groups(
        action.astype(str).tolist(), action.map(table["channel"]).tolist(), action.map(table["category"]).tolist()
    )
