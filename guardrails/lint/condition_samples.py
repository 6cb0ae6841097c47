"""Values that tell all cases of a condition apart, so that what holds of them holds of every value.

A condition that only compares each variable with constants, and joins the comparisons by logic, cannot tell two values
apart between which no constant lies. One value from each stretch between constants, and the constants themselves, then
stand for all values. Of any other condition nothing is claimed.
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
    """All that the condition comes to over values that are known; None where that cannot be told."""
    if not _separable(root):
        return None
    constants: dict[Variable, set[Scalar]] = {one: set() for one in walk(root) if isinstance(one, Variable)}
    for one in walk(root):
        if isinstance(one, Call) and one.overload not in _LOGIC:
            _gather(one, constants)
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
        return all(_separable(one) for one in node.arguments)
    if not node.overload.startswith(_COMPARING):
        return False
    if all(one.kind is CelType.BOOL for one in node.arguments):
        return all(_separable(one) for one in node.arguments)
    leaves = all(isinstance(one, Variable | Literal) for one in node.arguments)
    return leaves and sum(isinstance(one, Variable) for one in node.arguments) <= 1


def _gather(call: Call, constants: dict[Variable, set[Scalar]]) -> None:
    """Note the constants that a comparison holds its variable against."""
    variable = next((one for one in call.arguments if isinstance(one, Variable)), None)
    if variable is not None:
        constants[variable] |= {one.value for one in call.arguments if isinstance(one, Literal)}


def _values(kind: CelType, constants: Iterable[Scalar]) -> list[Scalar]:
    if kind is CelType.BOOL:
        return [False, True]
    known = [one for one in constants if one is not None]
    if kind is CelType.STRING:
        texts = sorted(str(one) for one in known)
        return [*dict.fromkeys(["", *texts, *(f"{text}\x00" for text in texts), "\U0010ffff" * 3])]
    numbers = sorted(float(one) if kind is CelType.FLOAT else int(one) for one in known)
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
