"""What came of contacts, beside the outcome that a model is about."""

import numpy as np
from numpy.typing import NDArray

from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.outcome_labels import outcome_labels
from heed.training.contract.table_schemas import HARMS


def has_harm_outcomes(data: EngagementData) -> bool:
    """Whether any opt-out, complaint or unsubscribe is in the data; if none is, they are taken not to be recorded."""
    return bool(data.outcomes["type"].isin(HARMS).any())


def harm_labels(data: EngagementData) -> NDArray[np.bool_]:
    """Whether each contact was followed in its window by an opt-out, complaint or unsubscribe, shape (contacts,)."""
    found = np.zeros(len(data.contacts), dtype=bool)
    for kind in HARMS:
        found |= outcome_labels(data, kind)
    return found
