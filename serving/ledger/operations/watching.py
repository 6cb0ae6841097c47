"""What is watched from outside: how long the queue of reviews is, and whether probabilities come true."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from serving.ledger.queries.watching import ADD_FORECAST, COME_TRUE, REVIEW_QUEUE
from serving.ledger.records import Forecast
from serving.ledger.store.database import OnDatabase
from serving.ledger.store.times import micros, moment_or_none
from serving.ledger.store.transaction import Transaction

BINS = 10


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue of reviews: how many wait for a person, and since when the oldest does."""

    length: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class ComeTrue:
    """Contacts of one tenth of stated probability whose windows are over.

    Attributes
    ----------
    bin : int
        0 for probabilities under 0.1, up to 9.
    expected : float
        The sum of the stated probabilities: how many outcomes there should be.
    observed : int
        How many there were.
    """

    bin: int
    contacts: int
    expected: float
    observed: int


class Watching(OnDatabase):
    """What a dashboard asks."""

    def queue(self) -> Queue:
        """The queue of reviews now."""
        return self._database.read(partial(_queue, now=self._database.moment()))

    def come_true(self, within: timedelta) -> tuple[ComeTrue, ...]:
        """Stated probabilities beside outcomes, for contacts whose windows ended lately."""
        return self._database.read(partial(_come_true, now=self._database.moment(), within=within))


def expect(transaction: Transaction, decision_id: str, at: datetime, forecast: Forecast) -> None:
    """Keep what was expected of an act."""
    values = {
        "decision_id": decision_id,
        "at": micros(at),
        "outcome": forecast.outcome,
        "propensity": forecast.propensity,
        "bin": min(BINS - 1, int(forecast.propensity * BINS)),
        "until": micros(forecast.until),
    }
    transaction.later(ADD_FORECAST, values)


def _queue(transaction: Transaction, now: datetime) -> Queue:
    length, oldest = transaction.rows(REVIEW_QUEUE, {"now": micros(now)})[0]
    return Queue(length, moment_or_none(oldest))


def _come_true(transaction: Transaction, now: datetime, within: timedelta) -> tuple[ComeTrue, ...]:
    rows = transaction.rows(COME_TRUE, {"now": micros(now), "since": micros(now - within)})
    return tuple(ComeTrue(*row) for row in rows)
