"""Rewards-app offers (Udacity capstone, data by Starbucks, which says that it is simulated).

Six times in 30 days, ten offers went out at random: about three quarters of the customers got one of the ten, equally
likely, the rest none, which gives the ``hold`` rows. Propensities are 0.075 for each offer and 0.25 for hold. They are
inferred from the shares observed, not logged.

Success is a ``purchase``: any transaction within three days of the wave. The data's own success, a completed offer,
cannot happen without an offer, nor to the two informational ones. Three days is the shortest validity of an offer and
the shortest time between two waves, so that all ten offers and hold are measured by the same yardstick and one wave
never reaches into the next. Completed offers are outcomes too, of type ``completed``, but only where the customer had
viewed that offer before completing it, within its validity: the others earned a reward for what they did unasked.

Times are hours since an unnamed start, here 2018-07-27T00:00Z, the day after the last customer joined. Offers are
received on the hour and everything else happens half past it, since the source lists receipts first within an hour.
Exact repetitions of an event are dropped. Views, transactions and completions are signals as well. Age 118 means
missing. All ten offers go out by e-mail, so that is their channel; further channels are attributes.

A purchase is worth 12.81 dollars, the mean transaction. An offer costs 0.55 of its reward, the share of offers with a
reward that was completed (33,579 of 61,000 or so in the full file).
"""

from pathlib import Path

import numpy as np
import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.training.adapters.source_files import load_source, only_source, scan_sources
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames
from heed.training.contract.table_schemas import TIME

START = pd.Timestamp("2018-07-27T00:00:00Z")
WINDOW_DAYS = 3
NO_AGE = 118
CONTACTED, PURCHASE_VALUE, COMPLETED_SHARE = 0.75, 12.81, 0.55
PROFILE = ("gender", "age", "id", "became_member_on", "income")
PORTFOLIO = ("id", "offer_type", "difficulty", "reward", "duration", "channels")
TRANSCRIPT = ("person", "event", "time")
FLAT = ("value.offer id", "value.offer_id", "value.amount", "value.reward")
FUNNEL = ("offer viewed", "offer completed")
SIGNALS = {"offer viewed": "view", "transaction": "transaction", "offer completed": "completion"}


def adapt(source: Path) -> EngagementData:
    """Engagement data from the three files below a folder, each as JSON lines or Parquet.

    Raises
    ------
    ContractError
        If the columns of one of the three are not found, or are found twice, or a row has a value it cannot have.
    """
    sources = scan_sources(source)
    offers = _offers(load_source(only_source(sources, PORTFOLIO, "the Starbucks offers")))
    people = load_source(only_source(sources, PROFILE, "the Starbucks customers"))
    events = _events(load_source(only_source(sources, TRANSCRIPT, "the Starbucks events")), offers)
    contacts = _contacts(events, people["id"], len(offers))
    outcomes = pd.concat([_purchases(events), _completions(events, contacts)])
    return from_frames(
        actions=_actions(offers),
        customers=_customers(people),
        signals=_signals(events),
        contacts=contacts.drop(columns=["offer", "duration"]),
        outcomes=outcomes,
    )


def _offers(portfolio: pd.DataFrame) -> pd.DataFrame:
    parts = portfolio[["offer_type", "difficulty", "reward", "duration"]].astype("str").agg("_".join, axis=1)
    return portfolio.assign(action_id=parts.str.replace(".0", "", regex=False) + "d_" + portfolio["id"].str[:4])


def _actions(offers: pd.DataFrame) -> pd.DataFrame:
    also = {
        f"also_{name}": offers["channels"].map(lambda has, name=name: name in has)
        for name in ("web", "mobile", "social")
    }
    return pd.DataFrame(
        {
            "action_id": offers["action_id"],
            "channel": "email",
            "purpose": "marketing",
            "category": offers["offer_type"],
            "value": PURCHASE_VALUE,
            "cost": COMPLETED_SHARE * offers["reward"],
            "outcome": "purchase",
            "window_days": WINDOW_DAYS,
            "difficulty": offers["difficulty"],
            "reward": offers["reward"],
            "duration_days": offers["duration"],
            **also,
        }
    )


def _customers(people: pd.DataFrame) -> pd.DataFrame:
    joined = pd.to_datetime(people["became_member_on"].astype("str"), format="%Y%m%d", utc=True)
    return pd.DataFrame(
        {
            "customer_id": people["id"],
            "jurisdiction": "US",
            "gender": people["gender"],
            "age": people["age"].where(people["age"] != NO_AGE).astype(float),
            "income": people["income"].astype(float),
            "tenure_days": (START - joined).dt.days,
        }
    )


def _events(transcript: pd.DataFrame, offers: pd.DataFrame) -> pd.DataFrame:
    """Events once each, with the action they are about and their time."""
    flat = transcript.reindex(columns=[*TRANSCRIPT, *FLAT]).drop_duplicates()
    offer = flat["value.offer id"].fillna(flat["value.offer_id"])
    known = offers.set_index("id")
    received = flat["event"] == "offer received"
    minutes = 60 * flat["time"] + np.where(received, 0, 30)
    return flat.assign(
        offer=offer.map(known["action_id"]),
        duration=offer.map(known["duration"]),
        amount=flat["value.amount"].fillna(flat["value.reward"]),
        at=(START + pd.to_timedelta(minutes, unit="min")).astype(TIME),
    ).reset_index(drop=True)


def _contacts(events: pd.DataFrame, people: pd.Series, offers: int) -> pd.DataFrame:
    """One row for each customer and wave: the offer received, or hold."""
    received = events[events["event"] == "offer received"]
    waves = np.sort(received["time"].unique())
    everyone = pd.DataFrame({"person": np.repeat(people.to_numpy(), len(waves)), "time": np.tile(waves, len(people))})
    shown = everyone.merge(received[["person", "time", "offer", "duration"]], on=["person", "time"], how="left")
    held = shown["offer"].isna()
    return pd.DataFrame(
        {
            "contact_id": shown["person"] + "-" + shown["time"].astype("str"),
            "customer_id": shown["person"],
            "action_id": shown["offer"].mask(held, HOLD),
            "at": (START + pd.to_timedelta(shown["time"], unit="h")).astype(TIME),
            "propensity": np.where(held, 1 - CONTACTED, CONTACTED / offers),
            "policy": "randomised",
            "offer": shown["offer"],
            "duration": shown["duration"],
        }
    )


def _signals(events: pd.DataFrame) -> pd.DataFrame:
    seen = events[events["event"].isin(list(SIGNALS))]
    return pd.DataFrame(
        {
            "signal_id": "event-" + seen.index.astype("str"),
            "customer_id": seen["person"],
            "at": seen["at"],
            "type": seen["event"].map(SIGNALS),
            "channel": "app",
            "value": seen["amount"],
        }
    )


def _purchases(events: pd.DataFrame) -> pd.DataFrame:
    # Without a contact: labels join each to the customer's wave before it, hold rows included.
    bought = events[events["event"] == "transaction"]
    return pd.DataFrame(
        {
            "outcome_id": "purchase-" + bought.index.astype("str"),
            "customer_id": bought["person"],
            "contact_id": pd.Series(None, index=bought.index, dtype="str"),
            "type": "purchase",
            "at": bought["at"],
            "value": bought["amount"],
        }
    )


def _completions(events: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """Completed offers that had been viewed before, within the validity of the offer received last."""
    received = contacts[contacts["action_id"] != HOLD].rename(columns={"customer_id": "person"})
    received = received.assign(received_at=received["at"])
    viewed, completed = (_after_receipt(events[events["event"] == name], received) for name in FUNNEL)
    first_view = viewed.groupby("contact_id")["at"].min()
    caused = completed[completed["contact_id"].map(first_view) <= completed["at"]]
    once = caused.drop_duplicates("contact_id")
    return pd.DataFrame(
        {
            "outcome_id": "completed-" + once["contact_id"],
            "customer_id": once["person"],
            "contact_id": once["contact_id"],
            "type": "completed",
            "at": once["at"],
            "value": once["amount"],
        }
    )


def _after_receipt(events: pd.DataFrame, received: pd.DataFrame) -> pd.DataFrame:
    """Events about an offer with the latest receipt of that offer, where still valid."""
    columns = ["person", "offer", "at", "received_at", "contact_id", "duration"]
    left = events[["person", "offer", "at", "amount"]].sort_values("at", kind="stable")
    joined = pd.merge_asof(left, received[columns].sort_values("at", kind="stable"), on="at", by=["person", "offer"])
    valid = joined["at"] <= joined["received_at"] + pd.to_timedelta(joined["duration"], unit="D")
    return joined[valid]
