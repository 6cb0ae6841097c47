"""What is expected of an act."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was expected of an act when it was decided.

    Attributes
    ----------
    outcome : str
        The type of outcome that counts.
    propensity : float
        The probability of it that was stated, in [0, 1].
    until : datetime
        When its window ends.
    """

    outcome: str
    propensity: float
    until: datetime
