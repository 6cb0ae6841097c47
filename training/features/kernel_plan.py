"""Compile a feature schema for the kernel: buckets for events, and one instruction per column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from heed.decisioning.catalogue import HOLD
from heed.decisioning.score import Floats
from heed.training.features.feature import EventGroup, Feature, FeatureSource, WindowMeasure, WindowOp
from heed.training.features.feature_schema import FeatureSchema
from heed.training.features.window_kernel import COUNT, DAY, FIXED, NONE, OWN_ACTION, OWN_CHANNEL, RATE, RECENCY, Ints

_OPS = {WindowOp.COUNT: COUNT, WindowOp.RECENCY: RECENCY, WindowOp.RATE: RATE}


class WordCodes(dict[str | None, int]):
    """Evenly spaced codes by word; unknown and missing words share the code after the last."""

    def __init__(self, words: Sequence[str | None], step: int = 1, start: int = 0) -> None:
        super().__init__({word: start + step * number for number, word in enumerate(words)})
        self.other = start + step * len(words)

    def __missing__(self, word: str | None) -> int:
        return self.other


@dataclass(frozen=True)
class PairCodes:
    """Events keyed by two words: the code of a pair is the sum of the codes of its words.

    Attributes
    ----------
    buckets : array of int, shape (pairs, 3)
        Buckets in which events of each pair are counted; -1 for none.
    """

    first: WordCodes
    second: WordCodes
    buckets: Ints


@dataclass(frozen=True)
class KernelPlan:
    """Buckets for counting events: one per word, group after group."""

    schema: FeatureSchema

    @cached_property
    def starts(self) -> Mapping[EventGroup, int]:
        """First bucket of each group."""
        counts = [len(words) for words in self.schema.words.values()]
        return {group: sum(counts[:number]) for number, group in enumerate(self.schema.words)}

    @cached_property
    def size(self) -> int:
        """Number of buckets."""
        return sum(len(words) for words in self.schema.words.values())

    @cached_property
    def signals(self) -> PairCodes:
        """Signals by type and channel."""
        return self._pairs(0, EventGroup.SIGNAL_TYPE, EventGroup.SIGNAL_CHANNEL, NONE)

    @cached_property
    def contacts(self) -> PairCodes:
        """Contacts by channel and action, coded after the signals."""
        everywhere = self.starts[EventGroup.CONTACT]
        return self._pairs(len(self.signals.buckets), EventGroup.CONTACT_CHANNEL, EventGroup.CONTACT_ACTION, everywhere)

    @cached_property
    def buckets(self) -> Ints:
        """Buckets of each event code, signals first; shape (codes, 3)."""
        return np.concatenate([self.signals.buckets, self.contacts.buckets])

    @cached_property
    def limits(self) -> Ints:
        """Lengths of the windows in microseconds, shortest first."""
        return np.array(self.schema.windows, dtype=np.int64) * DAY

    @cached_property
    def program(self) -> Ints:
        """One instruction per window or cross feature; shape (p, 5)."""
        lines = [self._line(feature, measure) for feature, measure in measured_features(self.schema)]
        return np.array(lines, dtype=np.int64).reshape(-1, 5)

    @cached_property
    def terms(self) -> Floats:
        """Prior events and prior contacts of each instruction; shape (p, 2)."""
        terms = [(measure.prior * measure.strength, measure.strength) for _, measure in measured_features(self.schema)]
        return np.array(terms, dtype=np.float64).reshape(-1, 2)

    def own_codes(self, channel: str | None, action: str) -> tuple[int, int]:
        """Kernel codes of a candidate's channel and action, -1 for unknown ones and for hold."""
        if action == HOLD:
            return NONE, NONE
        return _index(self.schema.channels, channel), _index(self.schema.actions, action)

    def _pairs(self, start: int, first: EventGroup, second: EventGroup, everywhere: int) -> PairCodes:
        rows, columns = self._group(first), self._group(second)
        buckets = [(row, column, everywhere) for row in rows for column in columns]
        words = self.schema.words
        codes = WordCodes(words[first], step=len(columns), start=start), WordCodes(words[second])
        return PairCodes(*codes, np.array(buckets, dtype=np.int64))

    def _group(self, group: EventGroup) -> tuple[int, ...]:
        start, count = self.starts[group], len(self.schema.words[group])
        return (*range(start, start + count), NONE)

    def _line(self, feature: Feature, measure: WindowMeasure) -> tuple[int, ...]:
        scope = _scope(feature, measure)
        contacts = self._bucket(measure.contacts, scope) if measure.op is WindowOp.RATE else 0
        window = self.schema.windows.index(measure.days)
        return (_OPS[measure.op], scope, self._bucket(measure, scope), contacts, window)

    def _bucket(self, measure: WindowMeasure, scope: int) -> int:
        start = self.starts[measure.group]
        return start if scope != FIXED else start + self.schema.words[measure.group].index(measure.key)


def measured_features(schema: FeatureSchema) -> tuple[tuple[Feature, WindowMeasure], ...]:
    """The window and cross features with their measures, in column order."""
    return tuple((feature, feature.measure) for feature in schema.features if feature.measure is not None)


def _scope(feature: Feature, measure: WindowMeasure) -> int:
    if feature.source is not FeatureSource.CROSS:
        return FIXED
    return OWN_ACTION if measure.group is EventGroup.CONTACT_ACTION else OWN_CHANNEL


def _index(words: Sequence[str], word: str | None) -> int:
    return words.index(word) if word in words else NONE
