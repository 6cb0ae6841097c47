"""A lint finding: message, position, severity and remedy."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error is never intended; a warning rarely is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One property of a policy that its owner hardly intends.

    Attributes
    ----------
    check : str
        Name of the check, in lower-case words joined by hyphens.
    message : str
        A sentence for the owner of the rule.
    remedy : str
        What to do.
    rule : str or None
        Id of the rule, None for the policy as a whole.
    field : str or None
        The field of the rule.
    line : int or None
        Line of the file, from 1.
    """

    severity: Severity
    check: str
    message: str
    remedy: str
    rule: str | None = None
    field: str | None = None
    line: int | None = None

    def shown(self, source: str) -> str:
        """The finding as one line of text."""
        place = source if self.line is None else f"{source}:{self.line}"
        where = [f"rule `{self.rule}`"] * bool(self.rule) + [f"field `{self.field}`"] * bool(self.field)
        named = f"{', '.join(where)}: " if where else ""
        return f"{self.severity.value}: {place}: {named}{self.message}; {self.remedy}"
