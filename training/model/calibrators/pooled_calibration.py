"""The calibration that is served: one curve, and an offset for each action."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.score import Floats
from heed.training.model.calibrators.action_offsets import ActionOffsets
from heed.training.model.calibrators.curve import Curve
from heed.training.model.log_odds import probability


@dataclass(frozen=True, eq=False)
class PooledCalibration:
    """Served log-odds are ``curve(margin) + offset`` with the offset of the action."""

    curve: Curve
    offsets: ActionOffsets

    def log_odds(self, margin: Floats, offset: Floats | float = 0.0) -> Floats:
        """Calibrated log-odds, same shape as `margin`."""
        return self.curve(margin) + offset

    def probability(self, margin: Floats, offset: Floats | float = 0.0) -> Floats:
        """Calibrated probability in (0, 1), same shape as `margin`."""
        return probability(self.log_odds(margin, offset))

    def offset_of(self, action: Action | None) -> float:
        """Offset of an action in log-odds, or of hold if `action` is None."""
        if action is None:
            return self.offsets.of(HOLD, None, None)
        return self.offsets.of(action.action_id, action.channel, action.category)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {"curve": self.curve.to_dict(), "offsets": self.offsets.to_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "PooledCalibration":
        """The calibration written by :meth:`to_dict`, bit-equal."""
        return cls(Curve.from_dict(stored["curve"]), ActionOffsets.from_dict(stored["offsets"]))
