"""Errors of the CEL checker as messages for the author of the condition."""

import re
from collections.abc import Callable

METHODS = ("contains", "startsWith", "endsWith", "matches", "size")
_OVERLOAD = re.compile(r"found no matching overload for '(?P<name>[^']+)' applied to '\((?P<types>[^)]*)\)'")
_TOKEN = re.compile(r"(?:token recognition error at: |mismatched input |extraneous input )'(?P<token>[^']*)'")
# Operators of other languages and their form in CEL.
_ELSEWHERE = {
    "=": "==",
    "=>": ">=",
    "=<": "<=",
    "<>": "!=",
    "and": "&&",
    "or": "||",
    "not": "!",
    "AND": "&&",
    "OR": "||",
}
_TYPES = {"int": "a whole number", "double": "a decimal number", "string": "text", "bool": "true or false"}
_EXAMPLE = "write it in CEL, as in `customer.age >= 18`"
Explanation = tuple[str, str]


def explain_cel_error(message: str) -> Explanation:
    """The error and its remedy, from the checker's message."""
    for pattern, explain in _EXPLANATIONS:
        match = pattern.search(message)
        if match is not None:
            return explain(match)
    return f"condition is invalid: {message.partition(' expecting {')[0]}", _EXAMPLE


def _explain_mismatch(match: re.Match[str]) -> Explanation:
    types = match["types"].split(", ")
    given = " and ".join(_TYPES.get(name, name) for name in types)
    return f"`{match['name'].strip('_')}` does not go with {given}", _type_remedy(types)


def _type_remedy(types: list[str]) -> str:
    if set(types) == {"int", "double"}:
        return "write `18` beside what is declared as int, and `18.0` beside what is declared as float"
    return "compare values of the same type; text stands in quotes, numbers do not"


def _explain_syntax(match: re.Match[str]) -> Explanation:
    token = match["token"].strip()
    if token == "<EOF>":  # noqa: S105  the end of the text
        return "condition is incomplete", _EXAMPLE
    written = _ELSEWHERE.get(token)
    return f"condition is invalid at `{token}`", f"write `{written}`" if written else _EXAMPLE


_EXPLANATIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Explanation]], ...] = (
    (_OVERLOAD, _explain_mismatch),
    (_TOKEN, _explain_syntax),
)
