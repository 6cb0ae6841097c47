"""Cast stored columns to the contract's types and record every value that does not fit.

Files encode types differently: CSV has only text, Parquet has types. Each function takes an Arrow column and returns a
pandas column of the same length, with masks of the values that could not be read, by reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from heed.decisioning.errors import ContractError
from heed.decisioning.normalize import normalize_name
from heed.training.contract.table_schemas import TIME

NUMBER = r"^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
LEADING_ZERO = r"^-?0\d"
LOCAL_TIME = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
OFFSET_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|z|[+-]\d{2}:?\d{2})$"
NO_OFFSET = "has no offset from UTC: write the time as 2026-03-01T09:00:00Z or 2026-03-01T10:00:00+01:00"
NOT_A_TIME = "is not a time: write it as 2026-03-01T09:00:00Z"
NOT_A_NUMBER = "is not a number"
NOT_FINITE = "is not finite"


@dataclass(frozen=True, slots=True)
class CastColumn:
    """A column cast to the contract's type; `bad` holds masks of unreadable values by reason."""

    values: pd.Series
    bad: tuple[tuple[str, np.ndarray], ...] = ()


def cast_declared(column: pa.ChunkedArray, dtype: str, where: str) -> CastColumn:
    """Cast `column` to a declared type: ``str``, ``float64`` or the contract's time.

    Raises
    ------
    ContractError
        If the stored type cannot hold such values, as for a list of numbers; `where` names the column.
    """
    if dtype == TIME:
        return _times(_flat(column, where))
    if dtype == "float64":
        return _numbers(_flat(column, where))
    return _texts(_flat(column, where), where)


def normalize_words(cast: CastColumn) -> CastColumn:
    """Normalise channels, purposes, categories and types to the form in which rules and features compare them."""
    codes, spelled = pd.factorize(cast.values)
    forms = pd.array([normalize_name(word) or None for word in spelled], dtype="str")
    return CastColumn(pd.Series(forms.take(codes, allow_fill=True)), cast.bad)


def cast_attribute(column: pa.ChunkedArray, where: str, *, typed: bool) -> CastColumn:
    """Cast a column that the contract does not name to number, boolean or text.

    Stored types are kept. Without them (`typed` false), a column of only ``true`` and ``false`` is boolean, one of only
    numbers is a number, and any other is text; leading zeros, as in post codes, make it text.
    """
    flat = _flat(column, where)
    if types.is_boolean(flat.type):
        return CastColumn(flat.to_pandas().astype("boolean"))
    if _is_number(flat.type):
        return _numbers(flat)
    if types.is_temporal(flat.type):
        raise ContractError(
            "an attribute may not be a time",
            field=where,
            remedy="store it as a number, such as days",
        )
    return _texts(flat, where) if typed else _guessed(flat, where)


def _flat(column: pa.ChunkedArray, where: str) -> pa.ChunkedArray:
    kind = column.type
    if types.is_dictionary(kind):
        return _flat(column.cast(kind.value_type), where)
    if types.is_null(kind):
        return column.cast(pa.string())
    if types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        remedy = "store text, numbers, yes/no or times"
        raise ContractError("cannot read a column of this type", field=where, value=kind, remedy=remedy)
    if types.is_large_string(kind) or types.is_string_view(kind):
        return column.cast(pa.string())
    return column


def _is_number(kind: pa.DataType) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _guessed(flat: pa.ChunkedArray, where: str) -> CastColumn:
    text = _without_empty(flat).drop_null()
    if len(text) == 0:
        return _texts(flat, where)
    if pc.all(pc.is_in(pc.utf8_lower(text), value_set=pa.array(["true", "false"]))).as_py():
        return CastColumn(pc.equal(pc.utf8_lower(_without_empty(flat)), "true").to_pandas().astype("boolean"))
    numeric = pc.all(pc.match_substring_regex(text, NUMBER)).as_py()
    padded = pc.any(pc.match_substring_regex(text, LEADING_ZERO)).as_py()
    return _numbers(flat) if numeric and not padded else _texts(flat, where)


def _texts(flat: pa.ChunkedArray, where: str) -> CastColumn:
    fractional = types.is_floating(flat.type) or types.is_temporal(flat.type)
    if fractional and flat.null_count < len(flat):
        raise ContractError("expected text", field=where, value=flat.type, remedy="store it as text or whole numbers")
    return CastColumn(_without_empty(flat.cast(pa.string())).to_pandas().astype("str"))


def _without_empty(text: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _numbers(flat: pa.ChunkedArray) -> CastColumn:
    if types.is_string(flat.type):
        text = _without_empty(flat)
        fits = pc.match_substring_regex(text, NUMBER)
        bad = _mask(pc.invert(fits))
        flat = pc.if_else(fits, text, pa.scalar(None, pa.string()))
    elif _is_number(flat.type):
        bad = np.zeros(len(flat), dtype=bool)
    else:
        return _unreadable(flat, "float64", NOT_A_NUMBER)
    values = flat.cast(pa.float64(), safe=False).to_numpy().astype(np.float64, copy=True)
    infinite = np.isinf(values)
    values[infinite] = np.nan
    return CastColumn(pd.Series(values), ((NOT_A_NUMBER, bad), (NOT_FINITE, infinite)))


def _times(flat: pa.ChunkedArray) -> CastColumn:
    if types.is_timestamp(flat.type) and flat.type.tz is not None:
        return CastColumn(flat.cast(pa.timestamp("us", tz="UTC"), safe=False).to_pandas().astype(TIME))
    if types.is_timestamp(flat.type) or types.is_date(flat.type):
        return _unreadable(flat, TIME, NO_OFFSET)
    if not types.is_string(flat.type):
        return _unreadable(flat, TIME, NOT_A_TIME)
    return _parsed_times(_without_empty(flat))


def _parsed_times(text: pa.ChunkedArray) -> CastColumn:
    fits = pc.match_substring_regex(text, OFFSET_TIME)
    naive = _mask(pc.match_substring_regex(text, LOCAL_TIME))
    kept = pc.if_else(fits, text, pa.scalar(None, pa.string())).to_pandas()
    values = pd.to_datetime(kept, format="ISO8601", utc=True, errors="coerce").astype(TIME)
    bad = (text.is_valid().to_pandas() & values.isna()).to_numpy() & ~naive
    return CastColumn(values, ((NO_OFFSET, naive), (NOT_A_TIME, bad)))


def _unreadable(flat: pa.ChunkedArray, dtype: str, reason: str) -> CastColumn:
    empty: Sequence[object] = [None] * len(flat)
    return CastColumn(pd.Series(empty, dtype=dtype), ((reason, _mask(flat.is_valid())),))


def _mask(flags: pa.ChunkedArray) -> np.ndarray:
    mask: np.ndarray = pc.fill_null(flags, fill_value=False).to_numpy().astype(bool)
    return mask
