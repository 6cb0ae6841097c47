"""What a rule has said so far."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RuleStats:
    """Decisions in which one rule spoke, and what it said in them of any candidate.

    Attributes
    ----------
    evaluated : int
        Decisions in which it gave a verdict.
    suppressed, reviewed : int
        Those in which it objected, failures included.
    errored : int
        Those in which it failed or lacked a fact.
    observed : int
        Those in which it would have objected, were it not only observed.
    fired_before, fired_now : int
        Decisions in which it objected, or would have, in the last whole stretch and in the present one.
    decisions_now : int
        Decisions in the present stretch, the same for all rules.
    """

    rule: str
    evaluated: int = 0
    suppressed: int = 0
    reviewed: int = 0
    errored: int = 0
    observed: int = 0
    fired_before: int = 0
    fired_now: int = 0
    decisions_now: int = 0
    last_fired: datetime | None = None
    silent_since: datetime | None = None
