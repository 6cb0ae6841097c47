"""What must not have happened, counted: pure arithmetic over answers and records."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.crashes.clients import Answered


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decision as the ledger holds it; `key` is what the ledger makes of the caller's, another for every other."""

    decision_id: str
    key: str | None
    customer_id: str | None
    disposition: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot that counts, reserved or executed."""

    contact_id: str
    customer_id: str
    decision_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Faults:
    """Each is a promise broken; all are 0 in a heed that keeps them.

    Attributes
    ----------
    lost : int
        Answers given whose decision is not in the ledger.
    altered : int
        Answers given that the ledger holds otherwise.
    repeated : int
        Keys with more than one decision.
    over_cap : int
        Slots beyond the cap in some window.
    doubled : int
        Slots of a decision beyond its first, and acts without a slot.
    chain_breaks : int
        Rows that the ledger's own verification names.
    """

    lost: int
    altered: int
    repeated: int
    over_cap: int
    doubled: int
    chain_breaks: int

    @property
    def none(self) -> bool:
        """Whether every promise was kept."""
        return not any((self.lost, self.altered, self.repeated, self.over_cap, self.doubled, self.chain_breaks))


def faults(
    answers: Sequence[Answered],
    recorded: Sequence[Recorded],
    slots: Sequence[Slot],
    *,
    cap: int,
    window: timedelta,
    chain_breaks: int,
) -> Faults:
    """Count what went wrong.

    Parameters
    ----------
    cap, window
        At most so many slots of one customer in any stretch of that length.
    """
    by_id = {one.decision_id: one for one in recorded}
    held = [(one, by_id.get(one.decision_id)) for one in answers]
    return Faults(
        lost=sum(found is None for _, found in held),
        altered=sum(found is not None and found.body != one.body for one, found in held),
        repeated=_beyond_one(one.key for one in recorded if one.key is not None),
        over_cap=sum(beyond(times, cap, window) for times in _times(slots).values()),
        doubled=_doubled(recorded, slots),
        chain_breaks=chain_breaks,
    )


def beyond(times: Sequence[datetime], cap: int, window: timedelta) -> int:
    """How many of these moments have `cap` others in the window that ends with them; a window is open at its start."""
    ordered = sorted(times)
    return sum(place >= cap and ordered[place - cap] > at - window for place, at in enumerate(ordered))


def _times(slots: Iterable[Slot]) -> Mapping[str, list[datetime]]:
    times: dict[str, list[datetime]] = defaultdict(list)
    for slot in slots:
        times[slot.customer_id].append(slot.at)
    return times


def _doubled(recorded: Sequence[Recorded], slots: Sequence[Slot]) -> int:
    taken = {slot.decision_id for slot in slots}
    without = sum(one.disposition == "act" and one.decision_id not in taken for one in recorded)
    return without + _beyond_one(slot.decision_id for slot in slots if slot.decision_id is not None)


def _beyond_one(names: Iterable[str]) -> int:
    return sum(times - 1 for times in Counter(names).values())
