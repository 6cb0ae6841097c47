"""Values that JSON can carry."""

from typing import Any

import numpy as np


def nonfinite_to_null(value: Any) -> Any:
    """A JSON-ready value in which NaN and infinity are null."""
    if isinstance(value, dict):
        return {key: nonfinite_to_null(item) for key, item in value.items()}
    if isinstance(value, list):
        return [nonfinite_to_null(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
