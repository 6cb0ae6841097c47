"""Whose contacts are one piece of evidence."""

import re

import numpy as np
import pandas as pd

from heed.decisioning.errors import InvalidInput
from heed.training.evaluation.metrics.estimate import Ints


def cluster_ids(customers: pd.Series, pattern: str | None) -> Ints:
    """A number for each customer id, the same for ids that share what the pattern finds in them, shape (n,).

    Parameters
    ----------
    pattern : str or None
        Ids in which it finds nothing, and all where it is None, stand for themselves.

    Raises
    ------
    InvalidInput
        If it is no regular expression.
    """
    ids = customers.reset_index(drop=True)
    if pattern is not None:
        finder = _compiled(pattern)
        ids = ids.map(lambda one: found.group() if (found := finder.search(one)) else one)
    return pd.factorize(ids)[0].astype(np.int64)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        remedy = r"write one such as ^block-\d+"
        raise InvalidInput(f"no regular expression ({error})", field="cluster", value=pattern, remedy=remedy) from error
