"""Values of a variable for many customers as a column of its declared type."""

from collections.abc import Callable, Mapping, Sequence
from types import NoneType

import polars as pl

from decisioning.canonical import Scalar
from guardrails.cel import CelType, fitted
from guardrails.columns.expression import TYPES

_NATIVE: Mapping[CelType, type] = {
    CelType.INT: int,
    CelType.FLOAT: float,
    CelType.BOOL: bool,
    CelType.STRING: str,
}


def column_of(name: str, values: Sequence[Scalar], kind: CelType) -> pl.Series:
    """Each value as :func:`guardrails.cel.fitted` has it, null where it is none of the type.

    Values that fit as they stand, as most do, are not looked at one by one.
    """
    types = set(map(type, values)) - {NoneType}
    fits = types <= {_NATIVE[kind]} and _FITTING.get(kind, _all_fit)(values)
    column = pl.Series(name, values if fits else [fitted(one, kind) for one in values], dtype=TYPES[kind])
    return column.fill_nan(None) if kind is CelType.FLOAT else column


def _all_fit(_: Sequence[Scalar]) -> bool:
    return True


def _are_ascii(values: Sequence[Scalar]) -> bool:
    return all(one.isascii() for one in values if isinstance(one, str))


def _fit_64_bits(values: Sequence[Scalar]) -> bool:
    return all(-(2**63) <= one < 2**63 for one in values if isinstance(one, int))


_FITTING: Mapping[CelType, Callable[[Sequence[Scalar]], bool]] = {
    CelType.INT: _fit_64_bits,
    CelType.STRING: _are_ascii,
}
