"""How the parts of heed are, as values."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "degraded", "stopped", "down"]


@dataclass(frozen=True)
class Part:
    """How one part is.

    Attributes
    ----------
    state : str
        ``ok``; ``degraded``, where decisions are made and something wants a look; ``stopped``, by order or by the
        policy; ``down``, where no decision is made.
    detail : str
        In words.
    """

    state: State
    detail: str


@dataclass(frozen=True)
class Readiness:
    """All parts together."""

    ready: bool
    parts: dict[str, Part]

    @property
    def sentence(self) -> str:
        """Which parts keep heed from deciding."""
        down = [f"{name}: {part.detail}" for name, part in self.parts.items() if part.state == "down"]
        if self.ready:
            return "decisions can be made"
        return f"decisions cannot be made: {'; '.join(down)}" if down else "decisions cannot be made"

    @property
    def bare(self) -> "Readiness":
        """The same for whoever may not see the parts."""
        return Readiness(self.ready, {})
