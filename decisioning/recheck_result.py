"""The result of checking once more whether an act may still happen."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RecheckResult:
    """What stands against an act; nothing where there is no reason.

    Attributes
    ----------
    because : str or None
        A sentence for a person, None where the act is allowed.
    rule : str
        The id of the rule that objects, or a name of heed's own in its place.
    until : datetime or None
        When the objection passes by itself; None where it does not.
    stopped : bool
        Whether an order to stop keeps everything as it is until it is lifted.
    """

    because: str | None = None
    rule: str = ""
    until: datetime | None = None
    stopped: bool = False

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against the act."""
        return self.because is None


ALLOWED = RecheckResult()
