"""One feature: name, kind, source, and the measure of a window feature."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

MISSING = math.nan


class FeatureKind(StrEnum):
    """Type of a feature."""

    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"


class FeatureSource(StrEnum):
    """Source of a feature; columns are in this order."""

    CUSTOMER = "customer"
    ACTION = "action"
    CONTEXT = "context"
    TIME = "time"
    WINDOW = "window"
    CROSS = "cross"


class WindowOp(StrEnum):
    """What a window feature measures."""

    COUNT = "count"
    RECENCY = "recency"
    RATE = "rate"


class EventGroup(StrEnum):
    """Which events are measured. Rates are per contact; for channel groups, per contact on the same channel."""

    CONTACT = "contact"
    CONTACT_CHANNEL = "contact_channel"
    CONTACT_ACTION = "contact_action"
    SIGNAL_TYPE = "signal_type"
    SIGNAL_CHANNEL = "signal_channel"


@dataclass(frozen=True)
class WindowMeasure:
    """A number over the events in the `days` before a decision, excluding the time of the decision.

    Attributes
    ----------
    key : str or None
        The channel, action or signal type. None stands for the candidate's own in cross features, and for all contacts
        in the group of all contacts.
    days : int
        Length of the window, inclusive.
    prior, strength : float
        A rate is ``(events + prior x strength) / (contacts + strength)``.
    """

    op: WindowOp
    group: EventGroup
    days: int
    key: str | None = None
    prior: float = 0.0
    strength: float = 0.0

    @property
    def events(self) -> "WindowMeasure":
        """The numerator of a rate."""
        return WindowMeasure(WindowOp.COUNT, self.group, self.days, self.key)

    @property
    def contacts(self) -> "WindowMeasure":
        """The denominator of a rate."""
        by_channel = self.group is EventGroup.SIGNAL_CHANNEL
        group = EventGroup.CONTACT_CHANNEL if by_channel else EventGroup.CONTACT
        return WindowMeasure(WindowOp.COUNT, group, self.days, self.key if by_channel else None)


@dataclass(frozen=True)
class Feature:
    """One column.

    Attributes
    ----------
    of : str
        The attribute, action field or part of the local time that is read; empty for windows.
    categories : tuple of str
        Categories; the index of a category is its code.
    measure : WindowMeasure or None
        Measure of a window or cross feature.
    words : str
        Display name from a feature dictionary; empty for the default.
    """

    name: str
    kind: FeatureKind
    source: FeatureSource
    of: str = ""
    categories: tuple[str, ...] = ()
    measure: WindowMeasure | None = None
    words: str = ""

    @cached_property
    def codes(self) -> Mapping[str, float]:
        """Category to code."""
        return {category: float(code) for code, category in enumerate(self.categories)}
