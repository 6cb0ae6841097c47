"""A finding: what is wrong, where, how bad it is, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error is never meant; a warning is seldom meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a policy does, and that its owner can hardly want.

    Attributes
    ----------
    check : str
        Which check found it, in lower-case words joined by hyphens.
    message : str
        A sentence for the owner of the rule.
    remedy : str
        What to do.
    rule : str or None
        Id of the rule, None where the policy as a whole is meant.
    field : str or None
        Where in the rule.
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
        """One line for people: how bad it is, where, what and what to do."""
        place = source if self.line is None else f"{source}:{self.line}"
        where = [f"rule `{self.rule}`"] * bool(self.rule) + [f"field `{self.field}`"] * bool(self.field)
        named = f"{', '.join(where)}: " if where else ""
        return f"{self.severity.value}: {place}: {named}{self.message}; {self.remedy}"
