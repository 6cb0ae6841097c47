"""Contacts grouped by an attribute of customer, moment or action."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_data import EngagementData

MISSING, OTHERS = "(missing)", "(others)"
_MOST_GROUPS = 12
_FEW_VALUES = 5
_KEYS = ("customer_id", "contact_id", "at", "observed_until", "propensity", "valid_from", "valid_until", "eligibility")

Texts = NDArray[np.str_]


def groupable_attributes(data: EngagementData) -> tuple[str, ...]:
    """Every attribute that contacts can be grouped by: of customers, of contacts, then of actions."""
    tables = (data.customers, data.contacts, data.actions)
    names = [name for table in tables for name in table.columns if name not in _KEYS and not table[name].isna().all()]
    return tuple(dict.fromkeys(names))


def is_customer_attribute(data: EngagementData, attribute: str) -> bool:
    """Whether an attribute says something of the person, rather than of the moment or the action."""
    return _plain(attribute) in data.customers.columns


def attribute_groups(data: EngagementData, rows: NDArray[np.int64], attribute: str) -> Texts:
    """The group of each contact, shape (n,).

    Text and yes/no make a group of each value, the twelve most frequent ones by name; numbers are cut into quarters of
    the contacts. Hold rows are a group of their own where the attribute is of actions.

    Raises
    ------
    InvalidInput
        If the data have no such attribute.
    """
    values = _values(data, rows, _plain(attribute))
    if values is None:
        known = ", ".join(groupable_attributes(data))
        raise InvalidInput("the data have no such attribute", field="by", value=attribute, remedy=f"use one of {known}")
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return _quarters(values) if number and values.nunique() > _FEW_VALUES else _named(values)


def group_order(groups: Texts) -> Sequence[str]:
    """The groups as people list them: by name, quarters in their order, what is missing or rare last."""
    return sorted(set(groups.tolist()), key=lambda name: (name in (MISSING, OTHERS), _sortable(name)))


def _plain(attribute: str) -> str:
    return attribute.split(".", 1)[1] if attribute.startswith(("customer.", "context.", "action.")) else attribute


def _values(data: EngagementData, rows: NDArray[np.int64], name: str) -> pd.Series | None:
    contacts = data.contacts.iloc[rows]
    if name in data.customers.columns and name not in _KEYS:
        return data.customers.set_index("customer_id")[name].reindex(contacts["customer_id"])
    if name in contacts.columns and name not in _KEYS:
        return contacts[name]
    if name in data.actions.columns and name not in _KEYS:
        values = data.actions.set_index("action_id")[name].reindex(contacts["action_id"])
        if pd.api.types.is_numeric_dtype(values):
            return values
        return values.where((contacts["action_id"] != HOLD).to_numpy(), HOLD)
    return None


def _quarters(values: pd.Series) -> Texts:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75]))
    bounds = [numbers[known].min(), *edges, numbers[known].max()]
    names = [f"{low:,.6g} to {high:,.6g}" for low, high in pairwise(bounds)]
    place = np.searchsorted(edges, np.where(known, numbers, bounds[0]), side="left")
    return np.where(known, np.array(names)[place], MISSING)


def _named(values: pd.Series) -> Texts:
    texts = np.where(values.isna(), MISSING, values.astype("object").map(_word).to_numpy(dtype=str))
    names, counts = np.unique(texts, return_counts=True)
    kept = [name for _, name in sorted(zip(-counts, names, strict=True))[:_MOST_GROUPS]]
    return texts if len(names) <= _MOST_GROUPS else np.where(np.isin(texts, kept), texts, OTHERS)


def _word(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _sortable(name: str) -> tuple[int, float, str]:
    start = name.split(" to ")[0].replace(",", "")
    try:
        return 0, float(start), name
    except ValueError:
        return 1, 0.0, name
