"""What was expected of each act, and whether stated probabilities come true."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, case, cast, exists, func, insert, select

from heed.serving.ledger.backend.repository import reads_now
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.schema import NOW, contacts, forecasts, outcomes


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was expected of an act when it was decided.

    Attributes
    ----------
    outcome : str
        The type of outcome that counts.
    propensity : float
        The probability of it that was stated, in [0, 1].
    until : datetime
        When its window ends.
    """

    outcome: str
    propensity: float
    until: datetime


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


BINS = 10
_ADD = insert(forecasts)


def add_forecast(transaction: Transaction, decision_id: str, at: datetime, forecast: Forecast) -> None:
    """Keep what was expected of an act."""
    values = {
        "decision_id": decision_id,
        "at": to_micros(at),
        "outcome": forecast.outcome,
        "propensity": forecast.propensity,
        "bin": min(BINS - 1, int(forecast.propensity * BINS)),
        "until": to_micros(forecast.until),
    }
    transaction.defer(_ADD, values)


# An outcome counts for the decision that it names, within its window. Slots that were freed were no contact.
_CAME = exists().where(
    outcomes.c.decision_id == forecasts.c.decision_id,
    outcomes.c.type == forecasts.c.outcome,
    outcomes.c.at >= forecasts.c.at,
    outcomes.c.at < forecasts.c.until,
)
_MADE = forecasts.join(
    contacts, and_(contacts.c.decision_id == forecasts.c.decision_id, contacts.c.state != "released")
)
_CALIBRATION: Select[Any] = (
    select(
        forecasts.c.bin,
        func.count(),
        func.sum(forecasts.c.propensity),
        cast(func.sum(case((_CAME, 1), else_=0)), Integer),
    )
    .select_from(_MADE)
    .where(forecasts.c.until > bindparam("since"), forecasts.c.until <= NOW)
    .group_by(forecasts.c.bin)
    .order_by(forecasts.c.bin)
)


@reads_now()
def calibration(transaction: Transaction, now: datetime, within: timedelta) -> tuple[CalibrationBin, ...]:
    """Stated probabilities beside outcomes, for contacts whose windows ended within this time."""
    rows = transaction.rows(_CALIBRATION, {"now": to_micros(now), "since": to_micros(now - within)})
    return tuple(CalibrationBin(*row) for row in rows)
