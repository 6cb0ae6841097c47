"""Conditions over a frame: as column expressions where possible, else row by row, each distinct row once."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from heed.guardrails.conditions.cel import CelType, Condition, Undecidable
from heed.guardrails.vectorized.polars_expression import POLARS_TYPES, ExpressionSteps, to_expressions
from heed.guardrails.vectorized.syntax_tree import Untranslatable, syntax_tree


@dataclass(frozen=True)
class ColumnCondition:
    """A condition compiled for many rows.

    Attributes
    ----------
    steps : ExpressionSteps or None
        The condition over columns; None where it must be evaluated row by row.
    """

    condition: Condition
    steps: ExpressionSteps | None

    def decided(self, frame: pl.DataFrame) -> pl.Series:
        """Whether the condition holds in each row: true, false, or null where it cannot be evaluated.

        Parameters
        ----------
        frame : DataFrame
            A column for each variable of the condition, of the types of :func:`column_types`, null where unknown.
        """
        return _row_by_row(self.condition, frame) if self.steps is None else self.steps.over(frame)


def compile_column_condition(condition: Condition) -> ColumnCondition:
    """Compile a checked condition, once, when the policy loads."""
    try:
        return ColumnCondition(condition, to_expressions(syntax_tree(condition)))
    except Untranslatable:
        return ColumnCondition(condition, None)


def column_types(variables: Mapping[str, CelType]) -> dict[str, type[pl.DataType]]:
    """Types of the columns that hold these variables."""
    return {name: POLARS_TYPES[kind] for name, kind in variables.items()}


def _row_by_row(condition: Condition, frame: pl.DataFrame) -> pl.Series:
    """Evaluate each distinct row once. Rows are keyed by their text, since -0.0 equals 0.0 but divides differently."""
    names = list(condition.variables)
    if not names:
        return pl.Series([_decided(condition, {})], dtype=pl.Boolean).new_from_index(0, frame.height)
    cache: dict[str, bool | None] = {}
    results = []
    for row in frame.select(names).iter_rows():
        key = repr(row)
        if key not in cache:
            cache[key] = _decided(condition, dict(zip(names, row, strict=True)))
        results.append(cache[key])
    return pl.Series(results, dtype=pl.Boolean)


def _decided(condition: Condition, row: Mapping[str, int | float | bool | str | None]) -> bool | None:
    try:
        return condition.holds({name: value for name, value in row.items() if value is not None})
    except Undecidable:
        return None
