"""One feature: its name, how its number reads, where it comes from, and what it measures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

MISSING = math.nan


class FeatureKind(StrEnum):
    """How the number in a column is to be read."""

    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    CATEGORICAL = "categorical"


class FeatureSource(StrEnum):
    """Where a feature comes from. Columns stand in this order."""

    CUSTOMER = "customer"
    ACTION = "action"
    CONTEXT = "context"
    TIME = "time"
    WINDOW = "window"
    CROSS = "cross"


class WindowOp(StrEnum):
    """What is measured in a window."""

    COUNT = "count"
    RECENCY = "recency"
    RATE = "rate"


class EventGroup(StrEnum):
    """Which events are measured. A rate is per contact: of the same channel where the group is of channels."""

    CONTACT = "contact"
    CONTACT_CHANNEL = "contact_channel"
    CONTACT_ACTION = "contact_action"
    SIGNAL_TYPE = "signal_type"
    SIGNAL_CHANNEL = "signal_channel"


@dataclass(frozen=True)
class WindowMeasure:
    """One number over the events in the `days` before a decision, the moment of the decision not included.

    Attributes
    ----------
    key : str or None
        The channel, action or signal type; None is the candidate's own in a cross feature, and all contacts in the
        group of all contacts.
    days : int
        Length of the window; an event exactly so old is the oldest that counts.
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
        """The count above the line of a rate."""
        return WindowMeasure(WindowOp.COUNT, self.group, self.days, self.key)

    @property
    def contacts(self) -> "WindowMeasure":
        """The count below the line of a rate."""
        by_channel = self.group is EventGroup.SIGNAL_CHANNEL
        group = EventGroup.CONTACT_CHANNEL if by_channel else EventGroup.CONTACT
        return WindowMeasure(WindowOp.COUNT, group, self.days, self.key if by_channel else None)


@dataclass(frozen=True)
class Feature:
    """One column.

    Attributes
    ----------
    of : str
        The attribute, field of the action, or part of the local time it is read from; empty for windows.
    categories : tuple of str
        A category's place is its code.
    measure : WindowMeasure or None
        What a window or cross feature measures.
    words : str
        What people are told that it says, from a feature dictionary; empty where its own wording serves.
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
