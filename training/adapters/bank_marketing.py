"""Bank Marketing, file ``bank-additional-full`` (Moro, Cortez and Rita, Decision Support Systems 62, 2014).

A Portuguese bank called clients to sell term deposits. Nobody was left alone and neither phone nor time was chosen at
random, so there are no ``hold`` rows and no propensities, and a difference between the two actions is no effect.

Every row is the last call to one client, who gets a number in file order. ``duration`` is left out: it is known only
after the call. ``pdays`` 999 means never contacted before and becomes missing; ``unknown`` stays a value of its own, as
the authors suggest. The rows are in the order of time, May 2008 to November 2010, and name the month but no date:
years are counted up wherever the months start over, and calls are spread evenly over the days of their month, all at
noon UTC since the hour is unknown (and the true weekday is in ``day_of_week``). Where that does not
lead to November 2010, as in the authors' shuffled tenth of the file, calls are spread evenly over the whole time in
file order. Sales are recorded ten minutes after the call.

A deposit is worth 100 euros and a call costs 4: both are assumptions.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from heed.training.adapters.common_columns import outcomes_after, sequential_ids
from heed.training.adapters.source_files import load_source, only_source, scan_sources
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FIRST, LAST = np.datetime64("2008-05", "M"), np.datetime64("2010-11", "M")
TRAITS = ("age", "job", "marital", "education", "default", "housing", "loan")
CALL = ("month", "day_of_week", "campaign", "pdays", "previous", "poutcome")
ECONOMY = ("emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m", "nr.employed")
NEVER = 999


def adapt(source: Path) -> EngagementData:
    """Engagement data from the semicolon-separated original or its Parquet form, at a file or below a folder.

    Raises
    ------
    ContractError
        If no file, or more than one, has the columns, or a row has a value it cannot have.
    """
    rows = load_source(
        only_source(scan_sources(source), (*TRAITS, *CALL, *ECONOMY, "contact", "y"), "the Bank Marketing calls")
    )
    contacts = _contacts(rows)
    sold = outcomes_after(contacts[rows["y"] == "yes"], "subscription", after=pd.Timedelta(minutes=10))
    return from_frames(actions=_actions(), customers=_customers(rows), contacts=contacts, outcomes=sold)


def _actions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action_id": ["call_cellular", "call_telephone"],
            "channel": ["cellular", "telephone"],
            "purpose": "marketing",
            "category": "term_deposit",
            "value": 100.0,
            "cost": 4.0,
            "outcome": "subscription",
            "window_days": 1.0,
        }
    )


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    ids = sequential_ids("bank", len(rows))
    return rows[list(TRAITS)].assign(customer_id=ids, time_zone="Europe/Lisbon", jurisdiction="PT")


def _contacts(rows: pd.DataFrame) -> pd.DataFrame:
    context = rows[[*CALL, *ECONOMY]].rename(columns=lambda name: name.replace(".", "_"))
    at = _moments(rows["month"])
    return context.assign(
        pdays=context["pdays"].where(context["pdays"] != NEVER).astype(float),
        contact_id=sequential_ids("bank-call", len(rows)),
        customer_id=sequential_ids("bank", len(rows)),
        action_id="call_" + rows["contact"],
        at=at,
        policy="bank",
        observed_until=at + pd.Timedelta(days=1),
    )


def _moments(names: pd.Series) -> pd.Series:
    """A time for each row from its month's name and its place in the file."""
    month = names.map({name: number for number, name in enumerate(MONTHS)}).fillna(0).to_numpy(dtype=np.int64)
    starts_over = np.concatenate([[0], np.cumsum(np.diff(month) < 0)]) if len(month) else month
    months = FIRST.astype("datetime64[Y]").astype("datetime64[M]") + (12 * starts_over + month)
    in_order = len(month) > 0 and months[0] >= FIRST and months[-1] == LAST
    moments = _within_month(months) if in_order else _spread(np.zeros(len(month), dtype=np.int64), FIRST, LAST + 1)
    return pd.Series(moments).dt.tz_localize("UTC")


def _within_month(months: np.ndarray) -> np.ndarray:
    return _spread(months.astype(np.int64), months, months + 1)


def _spread(group: np.ndarray, start: np.ndarray | np.datetime64, end: np.ndarray | np.datetime64) -> np.ndarray:
    """Noons spread evenly from `start` to `end` over the rows of each group, in their order."""
    rows = pd.Series(group).groupby(group)
    share = ((rows.cumcount() + 0.5) / rows.transform("size")).to_numpy()
    begin, finish = (np.asarray(edge).astype("datetime64[s]").astype(np.int64) for edge in (start, end))
    day = (begin + np.floor(share * (finish - begin)).astype(np.int64)).astype("datetime64[s]").astype("datetime64[D]")
    noon: np.ndarray = day.astype("datetime64[us]") + np.timedelta64(12, "h")
    return noon
