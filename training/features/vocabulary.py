"""Vocabulary of features: categories, signal types, channels and actions."""

from dataclasses import dataclass

import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.training.contract.engagement_data import EngagementData
from heed.training.features.event_arrays import customer_indices

# LightGBM gives up to 255 categories a bin of their own (max_bin).
MAX_CATEGORIES = 255
MAX_SIGNAL_TYPES = 12
MAX_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Vocabulary of window features, sorted."""

    signal_types: tuple[str, ...]
    channels: tuple[str, ...]
    actions: tuple[str, ...]


def build_vocabulary(data: EngagementData, contacts: pd.DataFrame) -> Vocabulary:
    """Vocabulary of the histories of the customers of `contacts`."""
    signals = data.signals[customer_indices(pd.Index(contacts["customer_id"].unique()), data.signals) >= 0]
    happened = contacts["action_id"][contacts["action_id"] != HOLD]
    channels = pd.concat([happened.map(data.actions.set_index("action_id")["channel"]), signals["channel"]])
    return Vocabulary(
        signal_types=most_frequent(signals["type"], MAX_SIGNAL_TYPES),
        channels=most_frequent(channels, MAX_CHANNELS),
        actions=tuple(sorted(happened.unique())),
    )


def most_frequent(column: pd.Series, most: int, least: int = 1) -> tuple[str, ...]:
    """The `most` most frequent words with at least `least` occurrences, sorted; ties are broken alphabetically."""
    counts = column.dropna().value_counts()
    ranked = sorted((-int(count), str(word)) for word, count in counts.items() if count >= least)
    return tuple(sorted(word for _, word in ranked[:most]))
