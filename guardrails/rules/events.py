"""What happened to a customer and when: outcomes and signals by type, and which contacts were answered."""

from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from decisioning.customer import EPOCH, Contact, ContactState, Customer


@dataclass(frozen=True, slots=True)
class Settled:
    """A contact of which it is known whether it was answered."""

    at: datetime
    answered: bool


def happened(customer: Customer, types: Collection[str], certainty: float = 0.0) -> list[datetime]:
    """Times of the outcomes of these types, and of the signals that are at least so certain, oldest first.

    Parameters
    ----------
    certainty : float
        In [0, 1]. What restrains counts at any certainty; what frees should be asked to be likely.
    """
    outcomes = [one.at for one in customer.outcomes if one.type in types]
    signals = customer.signals
    seen = [
        EPOCH + timedelta(microseconds=at)
        for kind, at, sure in zip(signals.type, signals.at, signals.certainty, strict=True)
        if kind in types and sure >= certainty
    ]
    return sorted(outcomes + seen)


def settled(
    contacts: Iterable[Contact], answers: list[datetime], within: timedelta, now: datetime
) -> tuple[Settled, ...]:
    """The contacts that were made and answered, or whose time to be answered is over, oldest first.

    Parameters
    ----------
    answers : list of datetime
        Sorted. One that lies ahead of `now` by another clock answers nothing yet.
    within : timedelta
        How long after a contact an answer counts as one to it, the end included.
    """
    made = sorted(one.at for one in contacts if one.state is ContactState.EXECUTED)
    known = [one for one in answers if one <= now]
    judged = [Settled(at, _answered(at, known, within)) for at in made]
    return tuple(one for one in judged if one.answered or one.at + within <= now)


def _answered(at: datetime, answers: list[datetime], within: timedelta) -> bool:
    first = bisect_left(answers, at)
    return first < len(answers) and answers[first] <= at + within
