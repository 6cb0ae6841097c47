"""From a schema to what the kernel needs: buckets for events and a small program for columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from decisioning.score import Floats
from training.features.feature import Feature, Group, Measure, Op, Source
from training.features.schema import FeatureSchema
from training.features.windows import COUNT, DAY, FIXED, OWN_ACTION, OWN_CHANNEL, RATE, RECENCY, Ints

_OPS = {Op.COUNT: COUNT, Op.RECENCY: RECENCY, Op.RATE: RATE}


class Codes(dict[str | None, int]):
    """Codes by name; -1 for whatever has none."""

    def __missing__(self, key: str | None) -> int:
        return -1


@dataclass(frozen=True)
class Layout:
    """Where events are counted: the buckets of each group follow one another, one per name."""

    schema: FeatureSchema

    @cached_property
    def starts(self) -> Mapping[Group, int]:
        """First bucket of each group."""
        counts = [len(words) for words in self.schema.words.values()]
        return {group: sum(counts[:place]) for place, group in enumerate(self.schema.words)}

    @cached_property
    def buckets(self) -> Mapping[Group, Codes]:
        """Bucket by word within each group."""
        return {group: _codes(words, self.starts[group]) for group, words in self.schema.words.items()}

    @cached_property
    def own_channels(self) -> Codes:
        """Code of a candidate's channel."""
        return _codes(self.schema.channels)

    @cached_property
    def own_actions(self) -> Codes:
        """Code of a candidate's action."""
        return _codes(self.schema.actions)

    @property
    def size(self) -> int:
        """Number of buckets."""
        return sum(len(words) for words in self.schema.words.values())

    @cached_property
    def limits(self) -> Ints:
        """Lengths of the windows in microseconds, shortest first."""
        return np.array(self.schema.windows, dtype=np.int64) * DAY

    @cached_property
    def program(self) -> Ints:
        """One line per window or cross feature, as the kernel reads it; shape (p, 5)."""
        lines = [self._line(feature, measure) for feature, measure in measured(self.schema)]
        return np.array(lines, dtype=np.int64).reshape(-1, 5)

    @cached_property
    def terms(self) -> Floats:
        """Prior events and prior contacts of each line; shape (p, 2)."""
        terms = [(one.prior * one.strength, one.strength) for _, one in measured(self.schema)]
        return np.array(terms, dtype=np.float64).reshape(-1, 2)

    def _line(self, feature: Feature, measure: Measure) -> tuple[int, ...]:
        scope = _scope(feature, measure)
        contacts = self._bucket(measure.contacts, scope) if measure.op is Op.RATE else 0
        window = self.schema.windows.index(measure.days)
        return (_OPS[measure.op], scope, self._bucket(measure, scope), contacts, window)

    def _bucket(self, measure: Measure, scope: int) -> int:
        return self.buckets[measure.group][measure.key] if scope == FIXED else self.starts[measure.group]


def measured(schema: FeatureSchema) -> tuple[tuple[Feature, Measure], ...]:
    """The window and cross features with what they measure, in column order."""
    return tuple((one, one.measure) for one in schema.features if one.measure is not None)


def _scope(feature: Feature, measure: Measure) -> int:
    if feature.source is not Source.CROSS:
        return FIXED
    return OWN_ACTION if measure.group is Group.CONTACT_ACTION else OWN_CHANNEL


def _codes(words: tuple[str | None, ...], start: int = 0) -> Codes:
    return Codes({word: start + place for place, word in enumerate(words)})
