"""Sample values that cover all cases of a condition.

A condition that only compares variables with constants, and joins the comparisons by logic, has the same result for two
values without a constant between them. The constants and one value from each interval between them therefore represent
all values. For other conditions nothing is claimed.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import product

import polars as pl

from heed.decisioning.canonical import Scalar
from heed.guardrails.conditions.cel import CelType
from heed.guardrails.vectorized.polars_expression import POLARS_TYPES, to_expressions
from heed.guardrails.vectorized.syntax_tree import Call, Literal, Node, Variable, walk

_MOST = 50_000
_LOGIC = frozenset({"logical_and", "logical_or", "logical_not", "conditional"})
_COMPARING = ("equals", "not_equals", "less", "greater", "in_list")


def possible_outcomes(root: Node) -> frozenset[bool | None] | None:
    """All possible results of the condition over known values; None where they cannot be determined."""
    if not _separable(root):
        return None
    constants: dict[Variable, set[Scalar]] = {node: set() for node in walk(root) if isinstance(node, Variable)}
    for part in walk(root):
        if isinstance(part, Call) and part.overload not in _LOGIC:
            _gather(part, constants)
    columns = {variable.name: _values(variable.kind, values) for variable, values in constants.items()}
    if math.prod(len(values) for values in columns.values()) > _MOST:
        return None
    frame = _every_combination(columns, {variable.name: variable.kind for variable in constants})
    return frozenset(to_expressions(root).over(frame).to_list())


def _separable(node: Node) -> bool:
    """Whether the tree is logic over comparisons of a variable with constants."""
    if not isinstance(node, Call):
        return node.kind is CelType.BOOL
    if node.overload in _LOGIC:
        return all(_separable(argument) for argument in node.arguments)
    if not node.overload.startswith(_COMPARING):
        return False
    if all(argument.kind is CelType.BOOL for argument in node.arguments):
        return all(_separable(argument) for argument in node.arguments)
    leaves = all(isinstance(argument, Variable | Literal) for argument in node.arguments)
    return leaves and sum(isinstance(argument, Variable) for argument in node.arguments) <= 1


def _gather(call: Call, constants: dict[Variable, set[Scalar]]) -> None:
    """Collect the constants that a comparison compares its variable with."""
    variable = next((argument for argument in call.arguments if isinstance(argument, Variable)), None)
    if variable is not None:
        constants[variable] |= {argument.value for argument in call.arguments if isinstance(argument, Literal)}


def _values(kind: CelType, constants: Iterable[Scalar]) -> list[Scalar]:
    if kind is CelType.BOOL:
        return [False, True]
    known = [value for value in constants if value is not None]
    if kind is CelType.STRING:
        texts = sorted(str(value) for value in known)
        return [*dict.fromkeys(["", *texts, *(f"{text}\x00" for text in texts), "\U0010ffff" * 3])]
    numbers = sorted(float(value) if kind is CelType.FLOAT else int(value) for value in known)
    return _whole(numbers) if kind is CelType.INT else _real(numbers)


def _whole(numbers: list[float]) -> list[Scalar]:
    near = {int(number) + step for number in numbers for step in (-1, 0, 1)} or {0}
    return [number for number in sorted(near) if -(2**63) <= number < 2**63]


def _real(numbers: list[float]) -> list[Scalar]:
    if not numbers:
        return [0.0]
    near = {
        step
        for number in numbers
        for step in (math.nextafter(number, -math.inf), number, math.nextafter(number, math.inf))
    }
    return [*sorted(near)]


def _every_combination(columns: Mapping[str, list[Scalar]], kinds: Mapping[str, CelType]) -> pl.DataFrame:
    if not columns:
        return pl.DataFrame({"row": [0]})
    schema = {name: POLARS_TYPES[kind] for name, kind in kinds.items()}
    return pl.DataFrame(list(product(*columns.values())), schema={name: schema[name] for name in columns}, orient="row")
