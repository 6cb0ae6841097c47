"""Conditions in CEL, behind one small interface.

The Common Expression Language (https://cel.dev) has static types and neither loops nor side effects, so a condition is
checked when the policy loads and always terminates. No other module of heed imports the library.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from cel_expr_python import cel

from heed.decisioning.canonical import Scalar
from heed.guardrails.conditions.cel_errors import METHODS, explain_cel_error

MAX_CONDITION_LENGTH = 4000
_PLACE = re.compile(r"ERROR: <input>:(?P<line>\d+):(?P<column>\d+): (?P<message>[^\n]*)")
_UNDECLARED = re.compile(r"undeclared reference to '(?P<name>[^']+)'")
_ABSENT = re.compile(r'No value with name "(?P<name>[^"]+)"')
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBERS = (int, float)
_LARGEST = int(sys.float_info.max)
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


class CelType(StrEnum):
    """Types of variables in conditions."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    STRING = "string"


class InvalidCondition(ValueError):
    """Text that is not a valid condition over the declared variables.

    Attributes
    ----------
    message, remedy : str
        What is wrong and what to do about it.
    detail : str
        The text with a caret under the error, empty where its position is unknown.
    """

    def __init__(self, message: str, remedy: str, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.detail = detail


class Undecidable(Exception):
    """A condition that could not be evaluated on these values, for example because one is absent."""


@dataclass(frozen=True)
class Condition:
    """A checked condition.

    Attributes
    ----------
    text : str
        As it was written.
    variables : mapping of str to CelType
        The declared variables that it may look at.
    """

    text: str
    variables: Mapping[str, CelType]
    program: cel.Expression

    @property
    def checked(self) -> bytes:
        """The type-checked syntax tree: a `google.protobuf.Any` with a `cel.expr.CheckedExpr`."""
        return bytes(self.program.serialize())

    def holds(self, values: Mapping[str, Scalar]) -> bool:
        """Whether the condition is true for these values; absent ones are left out of `values`.

        Raises
        ------
        Undecidable
            If it needs an absent value, or cannot be computed. The message contains no value.
        """
        result = self.program.eval(data=values).value()
        if isinstance(result, bool):
            return result
        raise Undecidable(_undecided(str(result)))


def _undecided(error: str) -> str:
    absent = _ABSENT.search(error)
    return f"`{absent['name']}` is not known" if absent else "it cannot be computed for this customer"


@dataclass(frozen=True)
class ConditionLanguage:
    """The variables that conditions may use, flat and dotted, as in ``customer.age``."""

    variables: Mapping[str, CelType]

    @cached_property
    def _environment(self) -> cel.Env:
        types = {"int": cel.Type.INT, "float": cel.Type.DOUBLE, "bool": cel.Type.BOOL, "string": cel.Type.STRING}
        return cel.NewEnv(variables={name: types[kind] for name, kind in self.variables.items()})

    def condition(self, text: str) -> Condition:
        """Check a condition against the declared variables.

        Raises
        ------
        InvalidCondition
            If it does not parse, uses an undeclared name, mixes types, or is not boolean.
        """
        if len(text) > MAX_CONDITION_LENGTH:
            raise InvalidCondition("condition is too long", f"use at most {MAX_CONDITION_LENGTH} characters")
        try:
            program = self._environment.compile(text)
        except RuntimeError as error:
            raise self._unwritable(text, str(error)) from error
        if program.return_type() != cel.Type.BOOL:
            kind = program.return_type().name().lower()
            raise InvalidCondition(f"condition is of type {kind}", "write a comparison, which is true or false")
        names = {name for match in _NAME.finditer(text) for name in _beginnings(match[0])}
        return Condition(text, {name: self.variables[name] for name in sorted(names & self.variables.keys())}, program)

    def _unwritable(self, text: str, error: str) -> InvalidCondition:
        if "recursion" in error:
            return InvalidCondition("condition is nested too deeply", "split it into several rules")
        place = _PLACE.search(error)
        if place is None:
            return InvalidCondition("condition is invalid", "write it in CEL, as in `customer.age >= 18`")
        missing = _UNDECLARED.search(place["message"])
        detail = _pointed(text, int(place["line"]), int(place["column"]), missing["name"] if missing else "")
        if missing is not None:
            return InvalidCondition(f"unknown name `{missing['name']}`", self._nearest(missing["name"]), detail)
        return InvalidCondition(*explain_cel_error(place["message"]), detail)

    def _nearest(self, name: str) -> str:
        near = self._alike(name)
        if near is not None:
            return f"did you mean `{near}`?"
        if "." not in name:
            return f'put text in quotes, as in `"{name}"`, and write names in full, as in `customer.age`'
        return f"declare it under `context`, as in `{name}: int`"

    def _alike(self, name: str) -> str | None:
        """The most similar known name: the same but for its source, or misspelt before or after the dot."""
        source, _, attribute = name.rpartition(".")
        by_attribute = {known.partition(".")[2]: known for known in self.variables if known.startswith(f"{source}.")}
        whole = [known for known in self.variables if not source and known.partition(".")[2] == attribute]
        inside = [by_attribute[near] for near in get_close_matches(attribute, by_attribute, n=1, cutoff=0.6)]
        outside = get_close_matches(name, [*self.variables, *METHODS], n=1, cutoff=0.85)
        return next(iter((*whole, *inside, *outside)), None)


def _beginnings(name: str) -> list[str]:
    """The dotted name and its prefixes: ``customer.city`` for ``customer.city.startsWith``."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(2, len(parts) + 1)]


def is_variable(name: str) -> bool:
    """Whether a dotted name can be written in a condition."""
    return _NAME.fullmatch(name) is not None


def coerce(value: Scalar, kind: CelType) -> Scalar:
    """The value as the declared type, None where it is not of that type.

    Examples are NaN, text for a number, 2.5 for an int, a number beyond 64 bits, and text with surrogates.
    """
    if kind is CelType.STRING:
        return value if isinstance(value, str) and (value.isascii() or not _SURROGATE.search(value)) else None
    if kind is CelType.BOOL:
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, _NUMBERS) or value != value:
        return None
    if kind is CelType.FLOAT:
        return float(value) if isinstance(value, float) or abs(value) <= _LARGEST else None
    number = int(value) if not isinstance(value, float) or value.is_integer() else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def _pointed(text: str, line: int, column: int, name: str) -> str:
    """The line with a caret under the column, or under the start of the unknown name."""
    shown = text.splitlines()[line - 1]
    start = shown.rfind(name, 0, column - 1 + len(name)) if name else -1
    return f"    {shown}\n    {' ' * (start if start >= 0 else column - 1)}^"
