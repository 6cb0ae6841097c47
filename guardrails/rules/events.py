"""Events of a customer: times of outcomes and signals by type, and which contacts were answered.

Times are microseconds since 1970 in UTC, as in `Signals`: a customer may have thousands.
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
    """A contact that was answered, or whose time to be answered is over."""

    at: datetime
    answered: bool


def event_times(
    customer: Customer, types: Collection[str], certainty: float = 0.0, since: datetime = EPOCH
) -> list[int]:
    """Times of the outcomes of these types, and of the signals that are at least so certain, oldest first.

    Parameters
    ----------
    certainty : float
        In [0, 1]. Events that restrict should count at any certainty, events that permit only when likely.
    since : datetime
        Earlier events are left out.
    """
    signals, earliest = customer.signals, microseconds(since)
    if not signals.has_any(types):
        signals = _NONE
    seen = [
        at
        for kind, at, sure in zip(signals.type, signals.at, signals.certainty, strict=True)
        if kind in types and sure >= certainty and at >= earliest
    ]
    seen.extend(
        microseconds(outcome.at) for outcome in customer.outcomes if outcome.type in types and outcome.at >= since
    )
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
        Times from `event_times`. One after `now` (by another clock) does not count yet.
    within : timedelta
        How long after a contact an answer counts, the end included.
    """
    made = sorted(contact.at for contact in contacts if contact.state is ContactState.EXECUTED)
    known = answers[: bisect_right(answers, microseconds(now))]
    contacts_made = [SettledContact(at, _answered(microseconds(at), known, within // _MICROSECOND)) for at in made]
    return tuple(contact for contact in contacts_made if contact.answered or contact.at + within <= now)


def _answered(at: int, answers: Sequence[int], within: int) -> bool:
    first = bisect_left(answers, at)
    return first < len(answers) and answers[first] <= at + within
