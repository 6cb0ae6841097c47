"""Rows for calibration tests, with known true probabilities."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from heed.decisioning.score import Floats
from heed.training.model.calibrators.pooling_groups import PoolingGroups, encode_groups


def linear_sample(rows: int, seed: int, slope: float = 1.0, intercept: float = 0.0) -> tuple[Floats, np.ndarray]:
    """Margins with a linear true curve, and outcomes drawn from it."""
    generator = np.random.default_rng(seed)
    margin = generator.normal(-2.0, 1.2, rows)
    return margin, generator.random(rows) < expit(slope * margin + intercept)


def bent(margin: Floats) -> Floats:
    """A true curve that is not linear."""
    return margin + 0.9 * np.tanh(1.5 * (margin + 2.0))


@dataclass(frozen=True)
class Campaign:
    """Rows of many actions; the truth is the margin plus each action's offset."""

    margin: Floats
    label: np.ndarray
    of: np.ndarray
    offset: Floats
    category: np.ndarray
    channel: np.ndarray

    def names(self, prefix: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Action, channel and category of each row."""
        columns = (("action", np.arange(len(self.offset))), ("channel", self.channel), ("category", self.category))
        return tuple(
            np.array([f"{prefix}{kind}-{one:02}" for one in of], dtype=object)[self.of] for kind, of in columns
        )

    def pooling_groups(self) -> PoolingGroups:
        """The same as kin."""
        return encode_groups(*self.names())

    def key(self, action: int) -> tuple[str, str, str]:
        """Action id, channel and category of an action."""
        return f"action-{action:02}", f"channel-{self.channel[action]:02}", f"category-{self.category[action]:02}"


def campaign(seed: int, sizes: list[int], by_category: float = 0.0, by_action: float = 0.0) -> Campaign:
    """One action per size; offsets vary by category and by action with these standard deviations."""
    generator = np.random.default_rng(seed)
    category, channel = np.arange(len(sizes)) % 6, np.arange(len(sizes)) % 4
    shared, own = generator.normal(size=6), generator.normal(size=len(sizes))
    offset = by_category * shared[category] + by_action * own
    of = np.repeat(np.arange(len(sizes)), sizes)
    margin = generator.normal(-2.0, 1.0, len(of))
    label = generator.random(len(of)) < expit(margin + offset[of])
    return Campaign(margin, label, of, offset, category, channel)
