"""Clusters of dependent customers, such as households."""

import re

import numpy as np
import pandas as pd

from heed.decisioning.errors import InvalidInput
from heed.training.evaluation.metrics.estimate import Ints


def cluster_ids(customers: pd.Series, pattern: str | None) -> Ints:
    """A number per customer id, shape (n,); ids in which the pattern matches the same text share it.

    Parameters
    ----------
    pattern : str or None
        A regular expression. Ids that it does not match, and all ids where it is None, are clusters of their own.

    Raises
    ------
    InvalidInput
        If the pattern is not a valid regular expression.
    """
    ids = customers.reset_index(drop=True)
    if pattern is not None:
        expression = _compile(pattern)
        ids = ids.map(lambda text: match.group() if (match := expression.search(text)) else text)
    return pd.factorize(ids)[0].astype(np.int64)


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        remedy = r"write one such as ^block-\d+"
        message = f"not a regular expression ({error})"
        raise InvalidInput(message, field="cluster", value=pattern, remedy=remedy) from error
