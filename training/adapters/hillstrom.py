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

from decisioning.catalogue import HOLD
from training.adapters.columns import numbered, one_moment, outcomes_of, yes_no
from training.adapters.sources import load, only, survey
from training.contract.data import EngagementData
from training.contract.reading import from_frames

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
    rows = load(only(survey(source), (*TRAITS, *RESULTS), "the Hillstrom e-mail trial"))
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
    flags = {name: yes_no(rows[name]) for name in ("mens", "womens", "newbie")}
    traits = rows[list(TRAITS)].assign(**flags).rename(columns={"channel": "purchase_channel"})
    return traits.assign(customer_id=numbered("hillstrom", len(rows)), jurisdiction="US")


def _contacts(rows: pd.DataFrame) -> pd.DataFrame:
    count = len(rows)
    return pd.DataFrame(
        {
            "contact_id": numbered("hillstrom-mail", count),
            "customer_id": numbered("hillstrom", count),
            "action_id": rows["segment"].map(ARMS).astype("str"),
            "at": one_moment(SENT, count),
            "propensity": 1 / 3,
            "policy": "randomised",
            "observed_until": one_moment(SENT + pd.Timedelta(days=WINDOW_DAYS), count),
        }
    )


def _outcomes(rows: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    hour = pd.Timedelta(hours=1)
    visits = outcomes_of(contacts[rows["visit"] == 1], "visit", after=hour)
    purchases = outcomes_of(contacts[rows["conversion"] == 1], "conversion", after=hour, value=rows["spend"])
    return pd.concat([visits, purchases])
