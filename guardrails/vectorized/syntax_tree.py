"""The typed syntax tree of a condition, as far as columns support it."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from heed.decisioning.canonical import Scalar
from heed.guardrails.conditions.cel import CelType, Condition
from heed.guardrails.vectorized import protobuf

_REFERENCES, _EXPRESSION = 2, 4
_CONSTANT, _NAME, _SELECTION, _CALL, _LIST = 3, 4, 5, 6, 7
# Result types of overloads in the CEL standard library; comparisons are boolean.
_RESULTS: Mapping[str, CelType] = {
    **{
        f"{verb}_{suffix}": kind
        for verb in ("add", "subtract", "multiply", "divide", "negate")
        for suffix, kind in (("int64", CelType.INT), ("double", CelType.FLOAT))
    },
    "modulo_int64": CelType.INT,
    "add_string": CelType.STRING,
    "size_string": CelType.INT,
    "string_size": CelType.INT,
    "int64_to_double": CelType.FLOAT,
    **dict.fromkeys(("logical_and", "logical_or", "logical_not", "equals", "not_equals", "in_list"), CelType.BOOL),
    **dict.fromkeys(("contains_string", "starts_with_string", "ends_with_string"), CelType.BOOL),
    **{
        f"{verb}_{suffix}": CelType.BOOL
        for verb in ("less", "less_equals", "greater", "greater_equals")
        for suffix in ("int64", "double", "string", "bool")
    },
}


class Untranslatable(Exception):
    """A condition that columns do not support; it is evaluated row by row."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A declared variable."""

    name: str
    kind: CelType


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; None stands for an unknown value."""

    value: Scalar
    kind: CelType


@dataclass(frozen=True, slots=True)
class Call:
    """A function call, by the overload that the type checker chose, such as ``less_int64``."""

    overload: str
    arguments: tuple["Node", ...]
    kind: CelType


Node = Variable | Literal | Call


def syntax_tree(condition: Condition) -> Node:
    """The typed tree of a checked condition.

    Raises
    ------
    Untranslatable
        If it uses functions or types that columns do not support.
    """
    checked = protobuf.message(protobuf.bytes_field(protobuf.message(condition.checked), 2))
    entries = [protobuf.message(entry) for entry in protobuf.repeated_field(checked, _REFERENCES)]
    references = {
        protobuf.integer_field(entry, 1): protobuf.message(protobuf.bytes_field(entry, 2)) for entry in entries
    }
    return _Reading(references, condition.variables).node(protobuf.bytes_field(checked, _EXPRESSION))


def substitute(root: Node, known: Mapping[str, Scalar]) -> Node:
    """The tree with constants for some of its variables; None stands for an unknown value."""
    match root:
        case Variable(name, kind) if name in known:
            return Literal(known[name], kind)
        case Call(overload, arguments, kind):
            return Call(overload, tuple(substitute(argument, known) for argument in arguments), kind)
        case _:
            return root


def walk(root: Node) -> Iterator[Node]:
    """The tree's nodes, each before its arguments."""
    yield root
    if isinstance(root, Call):
        for argument in root.arguments:
            yield from walk(argument)


@dataclass(frozen=True, slots=True)
class _Reading:
    references: Mapping[int, protobuf.Message]
    variables: Mapping[str, CelType]

    def node(self, data: bytes) -> Node:
        fields = protobuf.message(data)
        if _CONSTANT in fields:
            return _literal(protobuf.message(protobuf.bytes_field(fields, _CONSTANT)))
        if _NAME in fields or _SELECTION in fields:
            return self._variable(fields)
        if _CALL in fields:
            return self._call(fields)
        raise Untranslatable("lists outside `in`, maps and macros")

    def _variable(self, fields: protobuf.Message) -> Variable:
        reference = self.references.get(protobuf.integer_field(fields, 2))
        name = "" if reference is None else protobuf.bytes_field(reference, 1).decode()
        if name not in self.variables:
            raise Untranslatable("fields that are not variables")
        return Variable(name, self.variables[name])

    def _call(self, fields: protobuf.Message) -> Call:
        call = protobuf.message(protobuf.bytes_field(fields, _CALL))
        overload = self._overload(protobuf.integer_field(fields, 2))
        if overload == "in_list":
            return self._membership(protobuf.repeated_field(call, 3))
        parts = [*protobuf.repeated_field(call, 1), *protobuf.repeated_field(call, 3)]
        arguments = tuple(self.node(part) for part in parts)
        if overload == "conditional":
            return Call(overload, arguments, _common(arguments[1:]))
        if overload in ("equals", "not_equals"):
            _common(arguments)
        if overload not in _RESULTS:
            raise Untranslatable(f"function {overload}")
        return Call(overload, arguments, _RESULTS[overload])

    def _membership(self, parts: list[bytes]) -> Call:
        looked_for, within = parts
        among = protobuf.message(within)
        if _LIST not in among:
            raise Untranslatable("lists that are not written out")
        items = protobuf.repeated_field(protobuf.message(protobuf.bytes_field(among, _LIST)), 1)
        arguments = tuple(self.node(part) for part in (looked_for, *items))
        _common(arguments)
        return Call("in_list", arguments, CelType.BOOL)

    def _overload(self, number: int) -> str:
        chosen = protobuf.repeated_field(self.references.get(number, {}), 3)
        if len(chosen) != 1:
            raise Untranslatable("functions whose types are known only when they run")
        return chosen[0].decode()


def _common(arguments: tuple[Node, ...]) -> CelType:
    kinds = {argument.kind for argument in arguments}
    if len(kinds) != 1:
        raise Untranslatable("values of several types")
    return kinds.pop()


def _literal(constant: protobuf.Message) -> Literal:
    if 2 in constant:
        return Literal(bool(protobuf.integer_field(constant, 2)), CelType.BOOL)
    if 3 in constant:
        return Literal(protobuf.signed_integer(protobuf.integer_field(constant, 3)), CelType.INT)
    if 5 in constant:
        return Literal(struct.unpack("<d", protobuf.bytes_field(constant, 5))[0], CelType.FLOAT)
    if 6 in constant:
        return Literal(protobuf.bytes_field(constant, 6).decode(), CelType.STRING)
    raise Untranslatable("constants that are not numbers, text or truth values")
