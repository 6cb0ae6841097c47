"""Matching grants in direct mail (Karlan and List, American Economic Review 97(5), 2007).

Earlier donors to a US non-profit got a letter. At random, two thirds were offered that their gift be matched, in 36
equally likely variants: ratio 1, 2 or 3 to one, the match limited to 25, 50 or 100 thousand dollars or unstated, and
a suggested gift of 1, 1.25 or 1.5 times the highest one before. One third got the same letter without an offer: these
are the ``hold`` rows, so an uplift here is that of the offer, not of the letter. Propensities are 1/3 for hold and 1/54
for each variant, by design.

Donors are numbered in file order. The data has no dates: all letters are put at 2005-08-01T12:00Z, in the month that
the paper names, gifts at seven days later, and all donors were watched for 30 days, the paper's "within a month".
``changeamtgive`` and the columns ``stateresponse*`` are computed from outcomes and left out; -999 becomes missing, and
the flags that only repeat it are left out too.

A gift is worth 44 dollars, the mean gift of the paper (0.967 / 0.022); an offer costs nothing, as the letter goes out
in either case.
"""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.training.adapters.common_columns import constant_time, outcomes_after, sequential_ids
from heed.training.adapters.source_files import SourceFile, load_source, only_source, scan_sources
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames

SENT = pd.Timestamp("2005-08-01T12:00:00Z")
WINDOW_DAYS = 30
MISSING = -999
RATIOS = {"ratio1": 1.0, "ratio2": 2.0, "ratio3": 3.0}
LIMITS = {"size25": 25_000.0, "size50": 50_000.0, "size100": 100_000.0, "sizeno": np.nan}
ASKS = {"askd1": 1.0, "askd2": 1.25, "askd3": 1.5}
DESIGN = ("ratio2", "ratio3", *LIMITS, *ASKS)
COLUMNS = ("treatment", *DESIGN, "gave", "amount")
PREFIXED = {"out_gavedum": "gave", "out_amountgive": "amount"} | {f"treat_{name}": name for name in DESIGN}
DONOR = ("hpa", "ltmedmra", "freq", "years", "year5", "mrm2", "dormant", "female", "couple", "state50one", "nonlit")
PLACE = ("cases", "statecnt", "perbush", "close25", "red0", "blue0", "redcty", "bluecty", "pwhite", "pblack")
CENSUS = ("page18_39", "ave_hh_sz", "median_hhincome", "powner", "psch_atlstba", "pop_propurban")
TRAITS = (*DONOR, *PLACE, *CENSUS)


def adapt(source: Path) -> EngagementData:
    """Engagement data from the replication file (Stata, CSV or Parquet, plain or prefixed names).

    Raises
    ------
    ContractError
        If no file, or more than one, has the columns, or a row has a value it cannot have.
    """
    rows = _plain(load_source(_source(scan_sources(source))))
    contacts = _contacts(rows)
    gifts = outcomes_after(contacts[rows["gave"] == 1], "gift", after=pd.Timedelta(days=7), value=rows["amount"])
    return from_frames(actions=_actions(), customers=_customers(rows), contacts=contacts, outcomes=gifts)


def _source(sources: tuple[SourceFile, ...]) -> SourceFile:
    plain = [
        replace(source, columns=frozenset(PREFIXED.get(name, name) for name in source.columns)) for source in sources
    ]
    return only_source(plain, (*COLUMNS, *TRAITS), "the matching-grant trial")


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    named = rows.rename(columns=PREFIXED)[[*COLUMNS, *TRAITS]].astype(float)
    return named.mask(named == MISSING)


def _actions() -> pd.DataFrame:
    cells = list(product(RATIOS, LIMITS, ASKS))
    return pd.DataFrame(
        {
            "action_id": ["_".join(("match", *cell)) for cell in cells],
            "channel": "mail",
            "purpose": "fundraising",
            "category": "matching_grant",
            "value": 44.0,
            "cost": 0.0,
            "outcome": "gift",
            "window_days": WINDOW_DAYS,
            "match_ratio": [RATIOS[ratio] for ratio, _, _ in cells],
            "match_limit": [LIMITS[limit] for _, limit, _ in cells],
            "suggested_multiple": [ASKS[ask] for _, _, ask in cells],
        }
    )


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[list(TRAITS)].assign(customer_id=sequential_ids("donor", len(rows)), jurisdiction="US")


def _contacts(rows: pd.DataFrame) -> pd.DataFrame:
    count, held = len(rows), rows["treatment"] == 0
    return pd.DataFrame(
        {
            "contact_id": sequential_ids("letter", count),
            "customer_id": sequential_ids("donor", count),
            "action_id": _variant(rows).mask(held, HOLD),
            "at": constant_time(SENT, count),
            "propensity": np.where(held, 1 / 3, 1 / 54),
            "policy": "randomised",
            "observed_until": constant_time(SENT + pd.Timedelta(days=WINDOW_DAYS), count),
        }
    )


def _variant(rows: pd.DataFrame) -> pd.Series:
    ratio1 = 1 - rows["ratio2"] - rows["ratio3"]
    parts = [_chosen(rows.assign(ratio1=ratio1), names) for names in (RATIOS, LIMITS, ASKS)]
    return "match_" + parts[0] + "_" + parts[1] + "_" + parts[2]


def _chosen(rows: pd.DataFrame, names: dict[str, float]) -> pd.Series:
    """Which of these 0/1 columns is 1; missing where none is."""
    flags = rows[list(names)] == 1
    return flags.idxmax(axis=1).astype("str").where(flags.any(axis=1))
