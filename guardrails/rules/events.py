"""What happened to a customer and when: outcomes and signals by type, and which contacts were answered.

Times are microseconds from 1970 in UTC, as histories of signals keep them: a customer may have thousands.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.decisioning.customer import EPOCH, Contact, ContactState, Customer, Signals, microseconds

_MICROSECOND = timedelta(microseconds=1)
_NONE = Signals()


@dataclass(frozen=True, slots=True)
class SettledContact:
    """A contact of which it is known whether it was answered."""

    at: datetime
    answered: bool


def event_times(
    customer: Customer, types: Collection[str], certainty: float = 0.0, since: datetime = EPOCH
) -> list[int]:
    """Times of the outcomes of these types, and of the signals that are at least so certain, oldest first.

    Parameters
    ----------
    certainty : float
        In [0, 1]. What restrains counts at any certainty; what frees should be asked to be likely.
    since : datetime
        What happened before is of no interest.
    """
    signals, earliest = customer.signals, microseconds(since)
    if not signals.has_any(types):
        signals = _NONE
    seen = [
        at
        for kind, at, sure in zip(signals.type, signals.at, signals.certainty, strict=True)
        if kind in types and sure >= certainty and at >= earliest
    ]
    seen.extend(microseconds(one.at) for one in customer.outcomes if one.type in types and one.at >= since)
    seen.sort()
    return seen


def to_moment(at: int) -> datetime:
    """The moment of a time in microseconds."""
    return EPOCH + at * _MICROSECOND


def settled_contacts(
    contacts: Iterable[Contact], answers: Sequence[int], within: timedelta, now: datetime
) -> tuple[SettledContact, ...]:
    """The contacts that were made and answered, or whose time to be answered is over, oldest first.

    Parameters
    ----------
    answers : sequence of int
        As `event_times` gives them. One that lies ahead of `now` by another clock answers nothing yet.
    within : timedelta
        How long after a contact an answer counts as one to it, the end included.
    """
    made = sorted(one.at for one in contacts if one.state is ContactState.EXECUTED)
    known = answers[: bisect_right(answers, microseconds(now))]
    judged = [SettledContact(at, _answered(microseconds(at), known, within // _MICROSECOND)) for at in made]
    return tuple(one for one in judged if one.answered or one.at + within <= now)


def _answered(at: int, answers: Sequence[int], within: int) -> bool:
    first = bisect_left(answers, at)
    return first < len(answers) and answers[first] <= at + within
