"""Contacts grouped by an attribute of the customer, contact or action."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_data import EngagementData

MISSING, OTHERS = "(missing)", "(others)"
_MAX_GROUPS = 12
_MAX_DISTINCT_NUMBERS = 5
_KEYS = ("customer_id", "contact_id", "at", "observed_until", "propensity", "valid_from", "valid_until", "eligibility")

Texts = NDArray[np.str_]


def groupable_attributes(data: EngagementData) -> tuple[str, ...]:
    """Every attribute that contacts can be grouped by: of customers, contacts and actions, in that order."""
    tables = (data.customers, data.contacts, data.actions)
    names = [name for table in tables for name in table.columns if name not in _KEYS and not table[name].isna().all()]
    return tuple(dict.fromkeys(names))


def is_customer_attribute(data: EngagementData, attribute: str) -> bool:
    """Whether an attribute belongs to the customer rather than the contact or action."""
    return _bare_name(attribute) in data.customers.columns


def attribute_groups(data: EngagementData, rows: NDArray[np.int64], attribute: str) -> Texts:
    """The group of each contact, shape (n,).

    Text and boolean attributes have a group per value, at most the twelve most frequent; numbers are cut at the
    quartiles. For action attributes, holds are a group of their own.

    Raises
    ------
    InvalidInput
        If the data have no such attribute.
    """
    values = _values(data, rows, _bare_name(attribute))
    if values is None:
        known = ", ".join(groupable_attributes(data))
        raise InvalidInput("the data have no such attribute", field="by", value=attribute, remedy=f"use one of {known}")
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return _quartile_groups(values) if number and values.nunique() > _MAX_DISTINCT_NUMBERS else _value_groups(values)


def group_order(groups: Texts) -> Sequence[str]:
    """The groups in display order: names sorted, quartiles ascending, missing and rare values last."""
    return sorted(set(groups.tolist()), key=lambda name: (name in (MISSING, OTHERS), _sort_key(name)))


def _bare_name(attribute: str) -> str:
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


def _quartile_groups(values: pd.Series) -> Texts:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[known], [0.25, 0.5, 0.75]))
    bounds = [numbers[known].min(), *edges, numbers[known].max()]
    names = [f"{low:,.6g} to {high:,.6g}" for low, high in pairwise(bounds)]
    place = np.searchsorted(edges, np.where(known, numbers, bounds[0]), side="left")
    return np.where(known, np.array(names)[place], MISSING)


def _value_groups(values: pd.Series) -> Texts:
    texts = np.where(values.isna(), MISSING, values.astype("object").map(_display_value).to_numpy(dtype=str))
    names, counts = np.unique(texts, return_counts=True)
    kept = [name for _, name in sorted(zip(-counts, names, strict=True))[:_MAX_GROUPS]]
    return texts if len(names) <= _MAX_GROUPS else np.where(np.isin(texts, kept), texts, OTHERS)


def _display_value(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)


def _sort_key(name: str) -> tuple[int, float, str]:
    start = name.split(" to ")[0].replace(",", "")
    try:
        return 0, float(start), name
    except ValueError:
        return 1, 0.0, name
