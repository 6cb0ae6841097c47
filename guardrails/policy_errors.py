"""Errors of policies.

HeedError
└── PolicyError
    └── InvalidPolicy    the file is not a valid policy; every fault is listed with its line
"""

from collections.abc import Sequence
from dataclasses import dataclass

from heed.decisioning.errors import PolicyError, shorten


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a policy, and where it is.

    Attributes
    ----------
    source : str
        The file's name, as the caller gave it.
    message : str
        What is wrong, in general terms.
    line : int or None
        Line of the file, from 1; None where the policy was not parsed from text.
    rule : str or None
        Id of the rule, None outside the rules.
    field : str or None
        Where in the rule, or in the policy where no rule is named.
    value : str or None
        The offending value.
    remedy : str or None
        What to write instead.
    detail : str or None
        Further lines, such as a condition with a caret under the offending place.
    """

    source: str
    message: str
    line: int | None = None
    rule: str | None = None
    field: str | None = None
    value: str | None = None
    remedy: str | None = None
    detail: str | None = None

    @property
    def path(self) -> str | None:
        """Rule and field in one, as in ``email-cap.window``."""
        return ".".join(part for part in (self.rule, self.field) if part) or None

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        where = [f"rule `{self.rule}`"] * bool(self.rule) + [f"field `{self.field}`"] * bool(self.field)
        named = f" in {', '.join(where)}" if where else ""
        shown = f": `{shorten(self.value)}`" if self.value is not None else ""
        then = f"; {self.remedy}" if self.remedy else ""
        below = f"\n{self.detail}" if self.detail else ""
        return f"{place}: {self.message}{named}{shown}{then}{below}"


class InvalidPolicy(PolicyError):
    """An invalid policy, with all its faults in the order of the file.

    Parameters
    ----------
    faults : sequence of Fault
        At least one.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(first.message, field=first.path, value=first.value, remedy=first.remedy)

    def _sentence(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)
