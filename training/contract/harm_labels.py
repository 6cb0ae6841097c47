"""Labels of harm: opt-out, complaint or unsubscribe."""

import numpy as np
from numpy.typing import NDArray

from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.outcome_labels import outcome_labels
from heed.training.contract.table_schemas import HARMS


def has_harm_outcomes(data: EngagementData) -> bool:
    """Whether the data contain any opt-out, complaint or unsubscribe; otherwise they count as not recorded."""
    return bool(data.outcomes["type"].isin(HARMS).any())


def harm_labels(data: EngagementData) -> NDArray[np.bool_]:
    """Whether each contact was followed by an opt-out, complaint or unsubscribe in its window, shape (contacts,)."""
    harmed = np.zeros(len(data.contacts), dtype=bool)
    for kind in HARMS:
        harmed |= outcome_labels(data, kind)
    return harmed
