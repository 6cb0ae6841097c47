"""What came of contacts, beside the outcome that a model is about."""

import numpy as np
from numpy.typing import NDArray

from training.contract.data import EngagementData
from training.contract.labels import labels
from training.contract.schema import HARMS


def harms_are_recorded(data: EngagementData) -> bool:
    """Whether any opt-out, complaint or unsubscribe is in the data; if none is, they are taken not to be recorded."""
    return bool(data.outcomes["type"].isin(HARMS).any())


def harmed(data: EngagementData) -> NDArray[np.bool_]:
    """Whether each contact was followed in its window by an opt-out, complaint or unsubscribe, shape (contacts,)."""
    found = np.zeros(len(data.contacts), dtype=bool)
    for kind in HARMS:
        found |= labels(data, kind)
    return found
