"""Define the features of a data set: columns, vocabulary and priors.

Only the training rows and their customers are used.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from heed.decisioning.errors import ContractError
from heed.decisioning.score import Floats
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.table_schemas import attribute_columns
from heed.training.features.event_arrays import customer_indices
from heed.training.features.feature import Feature, FeatureKind, FeatureSource
from heed.training.features.feature_matrix import ACTION_FIELDS, training_matrix
from heed.training.features.feature_names import apply_feature_names
from heed.training.features.feature_schema import FeatureSchema
from heed.training.features.local_time import PARTS
from heed.training.features.priors import with_priors
from heed.training.features.sensitive_names import withheld_names
from heed.training.features.vocabulary import MAX_CATEGORIES, build_vocabulary, most_frequent
from heed.training.features.window_features import window_features
from heed.training.features.window_kernel import Ints

JURISDICTION = "jurisdiction"


def define_features(
    data: EngagementData,
    rows: Ints,
    *,
    exclude: frozenset[str] = frozenset(),
    include: frozenset[str] = frozenset(),
    words: Mapping[str, str] | None = None,
) -> FeatureSchema:
    """Define the features of the training rows, without constant or duplicate columns.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Row indices of the training rows in ``data.contacts``.
    exclude : frozenset of str
        Customer attributes to leave out, ``jurisdiction`` allowed; contact attributes of the same name are left out
        too.
    include : frozenset of str
        Sensitive attributes of customers and contacts to use, in any spelling; by default they are left out. See
        :func:`heed.training.features.sensitive_names.is_sensitive`.
    words : mapping of str to str
        Display names of features; see :func:`heed.training.features.feature_names.apply_feature_names`.

    Raises
    ------
    ContractError
        If there are no rows, or `exclude` or `words` has an unknown name.
    """
    if len(rows) == 0:
        raise ContractError("no rows to define features from", field="contacts", remedy="give more data")
    _refuse_unknown(data, exclude)
    contacts = data.contacts.iloc[rows]
    draft = _draft(data, contacts, exclude | sensitive_attributes(data, include))
    matrix = training_matrix(draft, data, rows)
    kept = with_priors(_informative(draft.features, matrix), draft, matrix)
    return replace(draft, features=apply_feature_names(kept, words or {}, _nameable(data, draft)))


def sensitive_attributes(data: EngagementData, include: frozenset[str] = frozenset()) -> frozenset[str]:
    """Sensitive attributes of customers and contacts, which are no features unless included."""
    return withheld_names(
        [*attribute_columns("customers", data.customers), *attribute_columns("contacts", data.contacts)], include
    )


def _nameable(data: EngagementData, draft: FeatureSchema) -> set[str]:
    """Names allowed in a feature dictionary, including those of features that were dropped as constant."""
    columns = {name for table, frame in data.tables() for name in attribute_columns(table, frame)}
    return (
        columns | {JURISDICTION} | {name for feature in draft.features for name in (feature.name, feature.of) if name}
    )


def _draft(data: EngagementData, contacts: pd.DataFrame, left_out: frozenset[str]) -> FeatureSchema:
    words = build_vocabulary(data, contacts)
    customers = data.customers[customer_indices(pd.Index(contacts["customer_id"].unique()), data.customers) >= 0]
    columns = [JURISDICTION, *attribute_columns("customers", data.customers)]
    features = (
        *_features(customers, [name for name in columns if name not in left_out], FeatureSource.CUSTOMER),
        *_action_features(data.actions, contacts),
        *_features(
            contacts,
            [name for name in attribute_columns("contacts", contacts) if name not in left_out],
            FeatureSource.CONTEXT,
        ),
        *_clock(contacts["at"]),
        *window_features(words),
    )
    return FeatureSchema(
        features=tuple(_distinctly_named(features)),
        signal_types=words.signal_types,
        channels=words.channels,
        actions=words.actions,
        attributes=tuple(
            (name, _type(data.customers[name])) for name in attribute_columns("customers", data.customers)
        ),
    )


def _features(frame: pd.DataFrame, columns: Sequence[str], source: FeatureSource) -> Iterator[Feature]:
    for column in columns:
        kind = _kind(frame[column])
        # Categories of a single row do not generalise; identifiers consist of them.
        words = most_frequent(frame[column], MAX_CATEGORIES, least=2) if kind is FeatureKind.CATEGORICAL else ()
        yield Feature(f"{source}.{column}", kind, source, column, words)


def _action_features(actions: pd.DataFrame, contacts: pd.DataFrame) -> Iterator[Feature]:
    offered = most_frequent(contacts["action_id"], MAX_CATEGORIES)
    yield Feature("action.action_id", FeatureKind.CATEGORICAL, FeatureSource.ACTION, "action_id", offered)
    for column in (*ACTION_FIELDS[1:], *attribute_columns("actions", actions)):
        kind = _kind(actions[column])
        words = most_frequent(actions[column], MAX_CATEGORIES) if kind is FeatureKind.CATEGORICAL else ()
        yield Feature(f"action.{column}", kind, FeatureSource.ACTION, column, words)


def _clock(moments: pd.Series) -> Iterator[Feature]:
    # Times that all share one hour are dates, or made up.
    if moments.dt.hour.nunique() > 1:
        for part in PARTS:
            yield Feature(f"local_{part}", FeatureKind.NUMERIC, FeatureSource.TIME, part)


def _informative(features: Sequence[Feature], matrix: Floats) -> Iterator[Feature]:
    seen: set[bytes] = set()
    for feature, column in zip(features, matrix.T, strict=True):
        content = np.ascontiguousarray(column).tobytes()
        if _varies(feature, column) and (feature.measure is None or content not in seen):
            seen.add(content)
            yield feature


def _varies(feature: Feature, column: Floats) -> bool:
    """Whether a column varies. Missing values count for customers and contexts only: elsewhere they just mark hold."""
    known = column[~np.isnan(column)]
    if known.size == 0:
        return False
    if bool((known != known[0]).any()):
        return True
    return feature.source in (FeatureSource.CUSTOMER, FeatureSource.CONTEXT) and known.size < column.size


def _distinctly_named(features: Sequence[Feature]) -> Iterator[Feature]:
    taken: set[str] = set()
    for feature in features:
        # LightGBM rejects names with JSON punctuation.
        plain = re.sub(r"[^\w.-]", "_", feature.name)
        name = next(candidate for candidate in _numbered(plain) if candidate not in taken)
        taken.add(name)
        yield replace(feature, name=name)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _kind(column: pd.Series) -> FeatureKind:
    return {"number": FeatureKind.NUMERIC, "boolean": FeatureKind.BOOLEAN, "text": FeatureKind.CATEGORICAL}[
        _type(column)
    ]


def _type(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    return "number" if pd.api.types.is_numeric_dtype(column.dtype) else "text"


def _refuse_unknown(data: EngagementData, exclude: frozenset[str]) -> None:
    unknown = sorted(exclude - {JURISDICTION, *attribute_columns("customers", data.customers)})
    if unknown:
        remedy = "name attributes of the customers table"
        raise ContractError("no such attribute to leave out", field="exclude", value=unknown[0], remedy=remedy)
