"""Social pressure and voter turnout (Gerber, Green and Larimer, American Political Science Review 102(1), 2008).

**Research use only.** The ISPS Data Archive gives access "for scholarship and research purposes only", and the data is
political: it belongs in no demonstration and no product.

Before the primary election in Michigan of 8 August 2006, households were drawn at random to get one of four mailings:
that voting is a duty (``civic_duty``), that they are being studied (``hawthorne``), their own record of turnout
(``self``), or that and their neighbours' (``neighbors``). About 5 in 9 got none and are the ``hold`` rows. Propensities
are 5/9 and 1/9 by design. The outcome ``vote`` is turnout in that primary.

All members of a household got the same and have similar outcomes, and arms were balanced within blocks of neighbouring
households. The contract has no place for either, and a column would become a feature; so a voter's id begins with the
block, as in ``block-00001-voter-000001``, by which intervals can respect it. Voters are numbered in file order.

Turnout in November 2004 is left out, as everybody listed had voted then. ``neighbors``, the number of names that the
fourth mailing prints, was fixed before assignment, is given for every arm and is unrelated to it (p = 0.5 by
household), hence no leak of the arm.

The data has no times: mailings are put 11 days before the election, votes at its noon, and everybody was watched for 14
days. All that is wanted is turnout, so that a vote is worth 1 and a mailing costs 0: both are assumptions.
"""

from pathlib import Path

import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.training.adapters.common_columns import constant_time, outcomes_after, sequential_ids, to_boolean
from heed.training.adapters.source_files import load_source, only_source, scan_sources
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import from_frames

SENT = pd.Timestamp("2006-07-28T16:00:00Z")
ELECTION = pd.Timestamp("2006-08-08T16:00:00Z")
WINDOW_DAYS = 14
MAILINGS = {"Civic Duty": "civic_duty", "Hawthorne": "hawthorne", "Self": "self", "Neighbors": "neighbors"}
ARMS = {"No Postcard": HOLD, **MAILINGS}
TURNOUT = ("primary_00", "general_00", "primary_02", "general_02", "primary_04")
TRAITS = ("sex", "age", "hh_size", "neighbors")
COLUMNS = ("cluster", "treatment", "primary_06", *TURNOUT, *TRAITS)


def adapt(source: Path) -> EngagementData:
    """Engagement data from a file in any tabular form, or the one below a folder that has the columns.

    Raises
    ------
    ContractError
        If no file, or more than one, has the columns, or a row has a value it cannot have.
    """
    rows = load_source(only_source(scan_sources(source), COLUMNS, "the social pressure trial"))
    contacts = _contacts(rows)
    votes = outcomes_after(contacts[rows["primary_06"] == 1], "vote", after=ELECTION - SENT)
    return from_frames(actions=_actions(), customers=_customers(rows), contacts=contacts, outcomes=votes)


def _actions() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action_id": list(MAILINGS.values()),
            "channel": "mail",
            "purpose": "research",
            "category": "turnout",
            "value": 1.0,
            "cost": 0.0,
            "outcome": "vote",
            "window_days": WINDOW_DAYS,
        }
    )


def _customers(rows: pd.DataFrame) -> pd.DataFrame:
    voted = {name: to_boolean(rows[name]) for name in TURNOUT}
    traits = rows[list(TRAITS)].assign(**voted)
    return traits.assign(customer_id=_voters(rows), time_zone="America/Detroit", jurisdiction="US")


def _contacts(rows: pd.DataFrame) -> pd.DataFrame:
    count = len(rows)
    arm = rows["treatment"].map(ARMS).astype("str")
    return pd.DataFrame(
        {
            "contact_id": sequential_ids("mailing", count),
            "customer_id": _voters(rows),
            "action_id": arm,
            "at": constant_time(SENT, count),
            "propensity": (arm == HOLD).map({True: 5 / 9, False: 1 / 9}),
            "policy": "randomised",
            "observed_until": constant_time(SENT + pd.Timedelta(days=WINDOW_DAYS), count),
        }
    )


def _voters(rows: pd.DataFrame) -> pd.Series:
    return "block-" + rows["cluster"].astype("str").str.zfill(5) + "-" + sequential_ids("voter", len(rows))
