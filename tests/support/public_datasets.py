"""Tiny files in the formats of the public data sets, each with that format's known traps."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

MONTHS_OF_THE_BANK = ["may", "nov", "dec", "mar", "apr", "dec", "mar", "nov"]


def hillstrom_rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "recency": [10, 6, 7, 9, 2, 6],
            "history_segment": ["2) $100 - $200", "3) $200 - $350"] * 3,
            "history": [142.44, 329.08, 180.65, 675.83, 45.34, 134.83],
            "mens": [1, 1, 0, 1, 1, 0],
            "womens": [0, 1, 1, 0, 0, 1],
            "zip_code": ["Surburban", "Rural", "Urban"] * 2,
            "newbie": [0, 1, 0, 1, 0, 1],
            "channel": ["Phone", "Web", "Multichannel"] * 2,
            "segment": ["Womens E-Mail", "No E-Mail", "Mens E-Mail"] * 2,
            "visit": [0, 0, 1, 1, 1, 0],
            "conversion": [0, 0, 1, 0, 0, 0],
            "spend": [0.0, 0.0, 29.99, 0.0, 0.0, 0.0],
        }
    )


def store_hillstrom(path: Path) -> Path:
    hillstrom_rows().to_csv(path, index=False)
    return path


def bank_rows(months: list[str] = MONTHS_OF_THE_BANK) -> pd.DataFrame:
    count = len(months)
    return pd.DataFrame(
        {
            "age": np.arange(30, 30 + count),
            "job": "admin.",
            "marital": "married",
            "education": "basic.4y",
            "default": "unknown",
            "housing": "no",
            "loan": "no",
            "contact": ["telephone", "cellular"] * (count // 2),
            "month": months,
            "day_of_week": "mon",
            "duration": np.where(np.arange(count) % 4 == 1, 900, 60),
            "campaign": 1,
            "pdays": [999, 3] * (count // 2),
            "previous": [0, 1] * (count // 2),
            "poutcome": ["nonexistent", "failure"] * (count // 2),
            "emp.var.rate": 1.1,
            "cons.price.idx": 93.994,
            "cons.conf.idx": -36.4,
            "euribor3m": 4.857,
            "nr.employed": 5191.0,
            "y": np.where(np.arange(count) % 4 == 1, "yes", "no"),
        }
    )


def store_bank(path: Path, months: list[str] = MONTHS_OF_THE_BANK) -> Path:
    bank_rows(months).to_csv(path, index=False, sep=";", quoting=2)
    return path


TRAITS = [
    *("hpa", "ltmedmra", "freq", "years", "year5", "mrm2", "dormant", "female", "couple", "state50one"),
    *("nonlit", "cases", "statecnt", "perbush", "close25", "red0", "blue0", "redcty", "bluecty", "pwhite"),
    *("pblack", "page18_39", "ave_hh_sz", "median_hhincome", "powner", "psch_atlstba", "pop_propurban"),
]


def donor_rows() -> pd.DataFrame:
    """Four letters: two without an offer, one 1:1 up to 25, one 3:1 without a stated limit; the last donors gave."""
    design = {
        "treatment": [0, 0, 1, 1],
        "treat_ratio2": [0, 0, 0, 0],
        "treat_ratio3": [0, 0, 0, 1],
        "treat_size25": [0, 0, 1, 0],
        "treat_size50": [0, 0, 0, 0],
        "treat_size100": [0, 0, 0, 0],
        "treat_sizeno": [0, 0, 0, 1],
        "treat_askd1": [0, 0, 1, 0],
        "treat_askd2": [0, 0, 0, 0],
        "treat_askd3": [0, 0, 0, 1],
        "out_amountgive": [0.0, 0.0, 50.0, np.nan],
        "out_gavedum": [0, 0, 1, 1],
        "out_changeamtgive": [-30.0, -15.0, 25.0, -10.0],
    }
    leaks = {name: [0.1, 0.2, 0.3, 0.4] for name in ("stateresponse", "stateresponset", "stateresponsec")}
    traits = {
        name: [1.0, 0.0, -999.0, 1.0] if name in ("female", "pwhite") else [1.0, 2.0, 3.0, 4.0] for name in TRAITS
    }
    return pd.DataFrame(design | leaks | {"stateresponsetminc": -999.0} | traits | {"fem_missing": [0, 0, 1, 0]})


def replication_rows() -> pd.DataFrame:
    """The same under the names of the replication file, where missing is missing."""
    names = {"out_amountgive": "amount", "out_gavedum": "gave", "out_changeamtgive": "amountchange"}
    rows = donor_rows().drop(columns="fem_missing").rename(columns=names)
    return rows.rename(columns=lambda name: name.removeprefix("treat_")).replace(-999.0, np.nan)


def voter_rows() -> pd.DataFrame:
    """Two blocks: a household of two that got no mailing, one voter for each mailing; every other one voted."""
    arms = ["No Postcard", "No Postcard", "Civic Duty", "Hawthorne", "Self", "Neighbors"]
    past = {f"{kind}_{year}": [0, 1, 0, 1, 0, 1] for kind in ("primary", "general") for year in ("00", "02")}
    return pd.DataFrame(
        {
            "cluster": ["1", "1", "1", "12", "12", "12"],
            "primary_06": [0, 1, 0, 1, 0, 1],
            "treatment": arms,
            "sex": ["Male", "Female"] * 3,
            "age": [65, 59, 24, 38, 50, 77],
            **past,
            "primary_04": [1, 0, 1, 0, 1, 0],
            "general_04": 1,
            "hh_size": [2, 2, 1, 1, 1, 1],
            "neighbors": [21, 21, 21, 20, 20, 20],
        }
    )


OFFERS = [
    {
        "reward": 10,
        "channels": ["email", "mobile"],
        "difficulty": 10,
        "duration": 7,
        "offer_type": "bogo",
        "id": "aaaa1",
    },
    {
        "reward": 0,
        "channels": ["web", "email"],
        "difficulty": 0,
        "duration": 3,
        "offer_type": "informational",
        "id": "bbbb2",
    },
]
PEOPLE = [
    {"gender": None, "age": 118, "id": "ann", "became_member_on": 20170212, "income": None},
    {"gender": "F", "age": 55, "id": "bob", "became_member_on": 20180726, "income": 112000.0},
    {"gender": "M", "age": 30, "id": "cid", "became_member_on": 20180725, "income": 50000.0},
]
# Waves at hours 0 and 168: Ann gets the bogo twice, Bob the informational one and nothing, Cid nothing and the bogo.
EVENTS = [
    ("ann", "offer received", {"offer id": "aaaa1"}, 0),
    ("bob", "offer received", {"offer id": "bbbb2"}, 0),
    ("ann", "transaction", {"amount": 4.5}, 0),
    ("ann", "offer viewed", {"offer id": "aaaa1"}, 6),
    ("ann", "transaction", {"amount": 12.0}, 80),
    ("ann", "offer completed", {"offer_id": "aaaa1", "reward": 10}, 80),
    ("ann", "offer completed", {"offer_id": "aaaa1", "reward": 10}, 80),
    ("cid", "transaction", {"amount": 3.0}, 71),
    ("bob", "transaction", {"amount": 9.0}, 72),
    ("ann", "offer received", {"offer id": "aaaa1"}, 168),
    ("cid", "offer received", {"offer id": "aaaa1"}, 168),
    ("ann", "offer completed", {"offer_id": "aaaa1", "reward": 10}, 170),
    ("ann", "offer viewed", {"offer id": "aaaa1"}, 171),
    ("cid", "offer viewed", {"offer id": "aaaa1"}, 169),
    ("cid", "offer completed", {"offer_id": "aaaa1", "reward": 10}, 500),
    ("bob", "transaction", {"amount": 2.0}, 600),
]


def store_starbucks(folder: Path) -> Path:
    events = [{"person": who, "event": what, "value": value, "time": hour} for who, what, value, hour in EVENTS]
    for name, records in (("one", OFFERS), ("two", PEOPLE), ("three", events)):
        # The published transcript has blank lines.
        (folder / name).write_text("\n\n".join(json.dumps(record) for record in records) + "\n")
    return folder


def store_obd(folder: Path, items: int, *, thompson: bool) -> Path:
    folder.mkdir(parents=True)
    rows = pd.DataFrame(
        {
            "timestamp": ["2019-11-24 00:03:13.442536+00:00", "2019-11-24 00:03:36+00:00", "2019-11-24 00:04:00+00:00"],
            "item_id": [2, 0, 1],
            "position": [3, 1, 2],
            "click": [0, 1, 0],
            "propensity_score": [0.5, 0.000001, 0.25] if thompson else 1 / items,
            **{f"user_feature_{number}": ["81ce", "03a5", "81ce"] for number in range(4)},
            **{f"user-item_affinity_{number}": [0.0, 2.0, 0.0] for number in range(items)},
        }
    )
    rows.to_csv(folder / "log")
    hashes = {f"item_feature_{number}": [f"{folder.name}{number}"] * items for number in (1, 2, 3)}
    context = pd.DataFrame({"item_id": range(items), "item_feature_0": np.arange(items) / 10, **hashes})
    context.to_csv(folder / "items")
    return folder
