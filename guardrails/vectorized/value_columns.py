"""Columns of a variable's values in its declared type."""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType

import polars as pl

from heed.decisioning.canonical import Scalar
from heed.guardrails.conditions.cel import CelType, coerce
from heed.guardrails.vectorized.polars_expression import POLARS_TYPES

_NATIVE: Mapping[CelType, type] = {
    CelType.INT: int,
    CelType.FLOAT: float,
    CelType.BOOL: bool,
    CelType.STRING: str,
}


def value_column(name: str, values: Sequence[Scalar], kind: CelType) -> pl.Series:
    """Each value as :func:`heed.guardrails.conditions.cel.coerce` has it, null where it is not of the type.

    Values that fit unchanged, as most do, are not converted one by one.
    """
    types = set(map(type, values)) - {NoneType}
    fits = types <= {_NATIVE[kind]} and _FITTING.get(kind, _all_fit)(values)
    column = pl.Series(name, values if fits else [coerce(value, kind) for value in values], dtype=POLARS_TYPES[kind])
    return column.fill_nan(None) if kind is CelType.FLOAT else column


def _all_fit(_: Sequence[Scalar]) -> bool:
    return True


def _are_ascii(values: Sequence[Scalar]) -> bool:
    return all(value.isascii() for value in values if isinstance(value, str))


def _fit_64_bits(values: Sequence[Scalar]) -> bool:
    return all(-(2**63) <= value < 2**63 for value in values if isinstance(value, int))


_FITTING: Mapping[CelType, Callable[[Sequence[Scalar]], bool]] = {
    CelType.INT: _fit_64_bits,
    CelType.STRING: _are_ascii,
}
