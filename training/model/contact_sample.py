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
    """Contacts as rows to learn from or to judge.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    """
    mine = data.contacts.iloc[rows]
    recorded = mine["propensity"].to_numpy(dtype=np.float64, na_value=np.nan)
    return Sample(
        matrix=training_matrix(schema, data, rows),
        label=label,
        customer=pd.factorize(mine["customer_id"])[0].astype(np.int64),
        pooling_groups=contact_pooling_groups(data, mine["action_id"]),
        propensity=recorded,
        at=mine["at"].to_numpy(dtype="datetime64[us]").astype(np.int64),
    )


def contact_pooling_groups(data: EngagementData, action: pd.Series) -> PoolingGroups:
    """Channel and category of actions, which hold and actions that the table ``actions`` does not name have not."""
    table = data.actions.set_index("action_id")
    return encode_groups(
        action.astype(str).tolist(), action.map(table["channel"]).tolist(), action.map(table["category"]).tolist()
    )
