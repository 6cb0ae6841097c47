"""MineThatData E-Mail Analytics and Data Mining Challenge (Kevin Hillstrom, 20 March 2008).

Customers of a clothing shop were sent, at random and with equal chances, an e-mail about men's merchandise, one about
women's, or none; ``hold`` rows are the last. The data has no ids and no times. Here customers are numbered in file
order, every contact is at 2008-03-20T15:00Z, the date of the challenge, and visits and purchases an hour later; all
contacts were watched for the two weeks that the outcomes are about. Propensities are 1/3 by design.

A visit is worth 7.16 dollars, the mean spend per visit in the full file (1.05091 / 0.14678); an e-mail costs 1 cent,
which is an assumption.
"""

from pathlib import Path

import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.training.adapters.common_columns import constant_time, outcomes_after, sequential_ids, to_boolean
from heed.training.adapters.source_files import load_source, only_source, scan_sources
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames

SENT = pd.Timestamp("2008-03-20T15:00:00Z")
WINDOW_DAYS = 14
ARMS = {"Mens E-Mail": "mens_email", "Womens E-Mail": "womens_email", "No E-Mail": HOLD}
TRAITS = ("recency", "history_segment", "history", "mens", "womens", "zip_code", "newbie", "channel")
RESULTS = ("segment", "visit", "conversion", "spend")


def adapt(source: Path) -> EngagementData:
    """Engagement data from the challenge's CSV or its Parquet form, at a file or below a folder.

    Raises
    ------
    ContractError
        If no file, or more than one, has the challenge's columns, or a row has a value it cannot have.
    """
    rows = load_source(only_source(scan_sources(source), (*TRAITS, *RESULTS), "the Hillstrom e-mail trial"))
    contacts = _contacts(rows)
    return from_frames(
        actions=_actions(), customers=_customers(rows), contacts=contacts, outcomes=_outcomes(rows, contacts)
    )


def _actions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action_id": ["mens_email", "womens_email"],
            "channel": "email",
            "purpose": "marketing",
            "category": ["mens", "womens"],
            "value": 7.16,
            "cost": 0.01,
            "outcome": "visit",
            "window_days": WINDOW_DAYS,
        }
    )


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    flags = {name: to_boolean(rows[name]) for name in ("mens", "womens", "newbie")}
    traits = rows[list(TRAITS)].assign(**flags).rename(columns={"channel": "purchase_channel"})
    return traits.assign(customer_id=sequential_ids("hillstrom", len(rows)), jurisdiction="US")


def _contacts(rows: pd.DataFrame) -> pd.DataFrame:
    count = len(rows)
    return pd.DataFrame(
        {
            "contact_id": sequential_ids("hillstrom-mail", count),
            "customer_id": sequential_ids("hillstrom", count),
            "action_id": rows["segment"].map(ARMS).astype("str"),
            "at": constant_time(SENT, count),
            "propensity": 1 / 3,
            "policy": "randomised",
            "observed_until": constant_time(SENT + pd.Timedelta(days=WINDOW_DAYS), count),
        }
    )


def _outcomes(rows: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    hour = pd.Timedelta(hours=1)
    visits = outcomes_after(contacts[rows["visit"] == 1], "visit", after=hour)
    purchases = outcomes_after(contacts[rows["conversion"] == 1], "conversion", after=hour, value=rows["spend"])
    return pd.concat([visits, purchases])
