"""Parsed content of a policy file with the line of every value, before validation."""

from collections.abc import Mapping
from dataclasses import dataclass

from heed.guardrails.policy_errors import Fault

Path = tuple[str | int, ...]
PlainData = dict[str, "PlainData"] | list["PlainData"] | str | int | float | bool | None


@dataclass(frozen=True)
class SourceMap:
    """Plain content with the line of every value.

    Attributes
    ----------
    source : str
        The file's name in messages.
    data : plain
        Mappings, lists, text, numbers, booleans and None.
    lines : mapping of path to int
        Line of each value, from 1. Empty where the content was not parsed from text.
    """

    source: str
    data: PlainData
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int | None:
        """Line of a value, or of the nearest enclosing value that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def at(self, path: Path) -> PlainData:
        """The value at a path, None where there is none."""
        value = self.data
        for step in path:
            if isinstance(value, dict) and isinstance(step, str):
                value = value.get(step)
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value

    def rule_id(self, path: Path) -> str | None:
        """Id of the rule that a path points into, its number where it has no id, None outside the rules."""
        if len(path) < 2 or path[0] != "rules" or not isinstance(path[1], int):
            return None
        named = self.at((*path[:2], "id"))
        return named if isinstance(named, str) else f"number {path[1] + 1}"

    def fault(
        self, message: str, path: Path, *, value: object = None, remedy: str | None = None, detail: str | None = None
    ) -> Fault:
        """A fault at a path, with its line and rule."""
        rule = self.rule_id(path)
        field = format_path(path if rule is None else path[2:])
        shown = None if value is None else str(value)
        return Fault(self.source, message, self.line(path), rule, field or None, shown, remedy, detail)


def format_path(path: Path) -> str:
    """Text of a path, as in ``scope.channels[1]``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
