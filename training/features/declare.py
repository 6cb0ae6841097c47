"""Declaring the features of a data set: which columns there are, by which words, and with what priors.

Everything is learnt from the rows that a model will be fitted on, and from their customers, alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from decisioning.errors import ContractError
from decisioning.score import Floats
from training.contract.data import EngagementData
from training.contract.schema import attributes
from training.features.assemble import FIELDS, training_matrix
from training.features.clock import PARTS
from training.features.dictionary import worded
from training.features.events import places
from training.features.feature import Feature, Kind, Source
from training.features.histories import histories
from training.features.priors import with_priors
from training.features.schema import FeatureSchema
from training.features.sensitive import withheld
from training.features.vocabulary import MOST_CATEGORIES, most_frequent, vocabulary
from training.features.windows import Ints

JURISDICTION = "jurisdiction"


def declare(
    data: EngagementData,
    rows: Ints,
    *,
    exclude: frozenset[str] = frozenset(),
    include: frozenset[str] = frozenset(),
    words: Mapping[str, str] | None = None,
) -> FeatureSchema:
    """The features that the fitting rows can support: no column that says the same of every row, none twice.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts`` of the rows to be fitted on.
    exclude : frozenset of str
        Customer attributes to leave out, ``jurisdiction`` included; attributes of contacts by the same name go as well.
    include : frozenset of str
        Sensitive attributes of customers and contacts to take nevertheless, spelt in any way; they are left out unless
        asked for. See :func:`training.features.sensitive.is_sensitive`.
    words : mapping of str to str
        What people are told that features say; see :func:`training.features.dictionary.worded`.

    Raises
    ------
    ContractError
        If there are no rows, or `exclude` or `words` names what the data do not have.
    """
    if len(rows) == 0:
        raise ContractError("no rows to learn features from", field="contacts", remedy="give more data")
    _refuse_unknown(data, exclude)
    contacts = data.contacts.iloc[rows]
    draft = _draft(data, contacts, exclude | sensitive_attributes(data, include))
    matrix = training_matrix(draft, data, rows)
    kept = with_priors(_informative(draft.features, matrix), draft, matrix)
    return replace(draft, features=worded(kept, words or {}, _nameable(data, draft)))


def sensitive_attributes(data: EngagementData, include: frozenset[str] = frozenset()) -> frozenset[str]:
    """Attributes of customers and contacts that no feature is made of, unless they are included."""
    return withheld([*attributes("customers", data.customers), *attributes("contacts", data.contacts)], include)


def _nameable(data: EngagementData, draft: FeatureSchema) -> set[str]:
    """Names that a dictionary may hold: what could have been a feature counts, though it told no rows apart."""
    columns = {name for table, frame in data.tables() for name in attributes(table, frame)}
    return columns | {JURISDICTION} | {name for one in draft.features for name in (one.name, one.of) if name}


def _draft(data: EngagementData, contacts: pd.DataFrame, left_out: frozenset[str]) -> FeatureSchema:
    words = vocabulary(data, contacts)
    customers = data.customers[places(pd.Index(contacts["customer_id"].unique()), data.customers) >= 0]
    columns = [JURISDICTION, *attributes("customers", data.customers)]
    features = (
        *_features(customers, [name for name in columns if name not in left_out], Source.CUSTOMER),
        *_action_features(data.actions, contacts),
        *_features(
            contacts, [name for name in attributes("contacts", contacts) if name not in left_out], Source.CONTEXT
        ),
        *_clock(contacts["at"]),
        *histories(words),
    )
    return FeatureSchema(
        features=tuple(_distinctly_named(features)),
        signal_types=words.signal_types,
        channels=words.channels,
        actions=words.actions,
        attributes=tuple((name, _type(data.customers[name])) for name in attributes("customers", data.customers)),
    )


def _features(frame: pd.DataFrame, columns: Sequence[str], source: Source) -> Iterator[Feature]:
    for column in columns:
        kind = _kind(frame[column])
        # A category of one row teaches nothing of others, and an identifier is made of such.
        words = most_frequent(frame[column], MOST_CATEGORIES, least=2) if kind is Kind.CATEGORICAL else ()
        yield Feature(f"{source}.{column}", kind, source, column, words)


def _action_features(actions: pd.DataFrame, contacts: pd.DataFrame) -> Iterator[Feature]:
    offered = most_frequent(contacts["action_id"], MOST_CATEGORIES)
    yield Feature("action.action_id", Kind.CATEGORICAL, Source.ACTION, "action_id", offered)
    for column in (*FIELDS[1:], *attributes("actions", actions)):
        kind = _kind(actions[column])
        words = most_frequent(actions[column], MOST_CATEGORIES) if kind is Kind.CATEGORICAL else ()
        yield Feature(f"action.{column}", kind, Source.ACTION, column, words)


def _clock(moments: pd.Series) -> Iterator[Feature]:
    # Times that are all of one hour are dates at best, and often made up where the data has none.
    if moments.dt.hour.nunique() > 1:
        for part in PARTS:
            yield Feature(f"local_{part}", Kind.NUMERIC, Source.TIME, part)


def _informative(features: Sequence[Feature], matrix: Floats) -> Iterator[Feature]:
    seen: set[bytes] = set()
    for feature, column in zip(features, matrix.T, strict=True):
        content = np.ascontiguousarray(column).tobytes()
        if _varies(feature, column) and (feature.measure is None or content not in seen):
            seen.add(content)
            yield feature


def _varies(feature: Feature, column: Floats) -> bool:
    """Whether a column tells rows apart. That it is missing is news of a customer, but of hold only what hold is."""
    known = column[~np.isnan(column)]
    if known.size == 0:
        return False
    if bool((known != known[0]).any()):
        return True
    return feature.source in (Source.CUSTOMER, Source.CONTEXT) and known.size < column.size


def _distinctly_named(features: Sequence[Feature]) -> Iterator[Feature]:
    taken: set[str] = set()
    for feature in features:
        # LightGBM refuses names with the punctuation of JSON, and data may bring any.
        plain = re.sub(r"[^\w.-]", "_", feature.name)
        name = next(one for one in _numbered(plain) if one not in taken)
        taken.add(name)
        yield replace(feature, name=name)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}_{number}"
        number += 1


def _kind(column: pd.Series) -> Kind:
    return {"number": Kind.NUMERIC, "boolean": Kind.BOOLEAN, "text": Kind.CATEGORICAL}[_type(column)]


def _type(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column.dtype):
        return "boolean"
    return "number" if pd.api.types.is_numeric_dtype(column.dtype) else "text"


def _refuse_unknown(data: EngagementData, exclude: frozenset[str]) -> None:
    unknown = sorted(exclude - {JURISDICTION, *attributes("customers", data.customers)})
    if unknown:
        remedy = "name attributes of the customers table"
        raise ContractError("no such attribute to leave out", field="exclude", value=unknown[0], remedy=remedy)
