"""What is watched from outside: how long the queue of reviews is, and whether probabilities come true."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.backend.times import micros, moment_or_none
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.queries.watching import ADD_FORECAST, COME_TRUE, REVIEW_QUEUE
from heed.serving.ledger.records import Forecast

BINS = 10


@dataclass(frozen=True, slots=True)
class ReviewBacklog:
    """The queue of reviews: how many wait for a person, and since when the oldest does."""

    length: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class CalibrationBin:
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


class Watching(Repository):
    """What a dashboard asks."""

    def queue(self) -> ReviewBacklog:
        """The queue of reviews now."""
        return self._database.read(partial(_queue, now=self._database.moment()))

    def calibration(self, within: timedelta) -> tuple[CalibrationBin, ...]:
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


def _queue(transaction: Transaction, now: datetime) -> ReviewBacklog:
    length, oldest = transaction.rows(REVIEW_QUEUE, {"now": micros(now)})[0]
    return ReviewBacklog(length, moment_or_none(oldest))


def _come_true(transaction: Transaction, now: datetime, within: timedelta) -> tuple[CalibrationBin, ...]:
    rows = transaction.rows(COME_TRUE, {"now": micros(now), "since": micros(now - within)})
    return tuple(CalibrationBin(*row) for row in rows)
