"""Conditions as polars expressions: the same results for many rows at once.

An error in CEL (an absent value, an overflow, a division by zero) is null here. Kleene logic on nulls equals CEL's
logic on errors: false absorbs an error under ``&&``, true under ``||``. Everything else is strict: an error in an
argument is an error of the whole, except in the branch of a conditional that is not taken.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce

import polars as pl

from heed.guardrails.conditions.cel import CelType
from heed.guardrails.vectorized.syntax_tree import Call, Literal, Node, Variable

POLARS_TYPES: Mapping[CelType, type[pl.DataType]] = {
    CelType.INT: pl.Int64,
    CelType.FLOAT: pl.Float64,
    CelType.BOOL: pl.Boolean,
    CelType.STRING: pl.String,
}
Operation = Callable[[pl.Expr, pl.Expr], pl.Expr]
_COMPARISONS: Mapping[str, Operation] = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "less": operator.lt,
    "less_equals": operator.le,
    "greater": operator.gt,
    "greater_equals": operator.ge,
}
_ARITHMETIC: Mapping[str, Operation] = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul}
_PLAIN: Mapping[str, Callable[..., pl.Expr]] = {
    "logical_and": operator.and_,
    "logical_or": operator.or_,
    "logical_not": operator.invert,
    "add_double": operator.add,
    "subtract_double": operator.sub,
    "multiply_double": operator.mul,
    "divide_double": operator.truediv,
    "negate_double": operator.neg,
    "int64_to_double": lambda value: value.cast(pl.Float64),
    "add_string": lambda first, second: pl.concat_str([first, second], ignore_nulls=False),
    "size_string": lambda text: text.str.len_chars().cast(pl.Int64),
    "string_size": lambda text: text.str.len_chars().cast(pl.Int64),
    "contains_string": lambda text, part: text.str.contains(part, literal=True),
    "starts_with_string": lambda text, part: text.str.starts_with(part),
    "ends_with_string": lambda text, part: text.str.ends_with(part),
}


@dataclass(frozen=True)
class ExpressionSteps:
    """Expressions to evaluate as columns in order, each once however often it is used; then the result."""

    steps: tuple[pl.Expr, ...]
    result: pl.Expr

    def over(self, frame: pl.DataFrame) -> pl.Series:
        """The result for each row of a frame with a column for each variable."""
        for step in self.steps:
            frame = frame.hstack([_column(frame, step)])
        return _column(frame, self.result)


def _column(frame: pl.DataFrame, made: pl.Expr) -> pl.Series:
    """The values of an expression, one per row.

    An operation between a constant and a column that polars stores as one value has one row (polars 2.1).
    """
    values = frame.select(made).to_series()
    return values if len(values) == frame.height else values.new_from_index(0, frame.height)


def to_expressions(root: Node) -> ExpressionSteps:
    """The tree over columns named like its variables; null where CEL would raise an error."""
    made: list[pl.Expr] = []
    result = _made(root, made)
    return ExpressionSteps(tuple(made), result)


def _made(node: Node, made: list[pl.Expr]) -> pl.Expr:
    """The column of the node's value, or the constant itself, after appending the steps that compute it."""
    match node:
        case Variable(name):
            return pl.col(name)
        case Literal(value, kind):
            return pl.lit(value, dtype=POLARS_TYPES[kind])
        case Call(_, arguments):
            values = [_made(argument, made) for argument in arguments]
            called = _called(node, values)
            if not called.meta.root_names():
                return pl.lit(pl.select(called).item(), dtype=POLARS_TYPES[node.kind])
            # No variable has a name without a dot.
            name = f"step {len(made)}"
            made.append(called.alias(name))
            return pl.col(name)


def _called(call: Call, values: list[pl.Expr]) -> pl.Expr:
    if call.overload == "conditional":
        return _chosen(values[0], values[1], values[2])
    if call.overload == "in_list":
        return _among(call.arguments[0].kind, values[0], values[1:])
    if call.overload in _PLAIN:
        return _PLAIN[call.overload](*values)
    verb = call.overload if call.overload in _COMPARISONS else call.overload.rpartition("_")[0]
    if verb in _COMPARISONS:
        return _compared(_COMPARISONS[verb], values[0], values[1], call.arguments[0].kind)
    return _whole(verb, values)


def _compared(operation: Operation, left: pl.Expr, right: pl.Expr, kind: CelType) -> pl.Expr:
    """Compare as in IEEE 754, unlike polars: NaN is neither below, above nor equal to anything."""
    compared = operation(left, right)
    if kind is not CelType.FLOAT:
        return compared
    unordered = left.is_nan() | right.is_nan()
    ordered = compared | unordered if operation is operator.ne else compared & ~unordered
    return _unless(compared.is_null(), ordered)


def _among(kind: CelType, value: pl.Expr, items: list[pl.Expr]) -> pl.Expr:
    """Whether a value is in a list; the list is evaluated first, so an error in any item is an error."""
    equal = [_compared(operator.eq, value, item, kind) for item in items]
    unknown = reduce(operator.or_, [operand.is_null() for operand in (value, *items)])
    return _unless(unknown, reduce(operator.or_, equal, pl.lit(value=False)))


def _chosen(condition: pl.Expr, first: pl.Expr, second: pl.Expr) -> pl.Expr:
    return _unless(condition.is_null(), pl.when(condition).then(first).otherwise(second))


def _whole(verb: str, values: list[pl.Expr]) -> pl.Expr:
    """Arithmetic on 64-bit integers in 128 bits; a result that does not fit 64 bits becomes null."""
    wide = [value.cast(pl.Int128) for value in values]
    match verb:
        case "negate":
            result = pl.lit(0, dtype=pl.Int128) - wide[0]
        case "divide":
            result = _quotient(wide[0], wide[1])
        case "modulo":
            quotient = _quotient(wide[0], wide[1])
            # CEL divides to find the remainder, so the one quotient that overflows is an error here too.
            result = _unless(quotient.cast(pl.Int64, strict=False).is_null(), wide[0] - quotient * wide[1])
        case _:
            result = _ARITHMETIC[verb](wide[0], wide[1])
    return result.cast(pl.Int64, strict=False)


def _quotient(dividend: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """Division rounding towards zero; null where the divisor is 0."""
    size = dividend.abs() // _unless(divisor == 0, divisor.abs())
    return pl.when((dividend < 0) == (divisor < 0)).then(size).otherwise(pl.lit(0, dtype=pl.Int128) - size)


def _unless(bad: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The value, null where `bad` is true or unknown."""
    return pl.when(~bad).then(value)
