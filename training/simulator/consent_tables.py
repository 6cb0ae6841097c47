"""Contact points, consents and suppressions as frames."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from heed.training.simulator.calendar import timestamps
from heed.training.simulator.consent_arrays import NEVER, Permissions, brief_suppressions
from heed.training.simulator.offer_catalogue import CHANNELS, PURPOSES
from heed.training.simulator.population import Population
from heed.training.simulator.rng import Ints, named_generator

BASES = ("consent", "contract")  # by purpose


def contact_points_frame(seed: int, people: Population, permissions: Permissions) -> pd.DataFrame:
    """Every contact point with an opaque id: columns customer_id, contact_point, channel."""
    who, channel = np.nonzero(permissions.reachable)
    return pd.DataFrame(
        {
            "customer_id": people.frame["customer_id"].to_numpy()[who],
            "contact_point": contact_point_ids(seed, len(people))[who, channel],
            "channel": np.array(CHANNELS)[channel],
        }
    )


def contact_point_ids(seed: int, count: int) -> npt.NDArray[np.object_]:
    """Opaque ids of shape (customers, channels), unrelated to customer and address."""
    rng = named_generator(seed, "contact points")
    numbers = rng.integers(0, 2**63, (count, len(CHANNELS)))
    return np.array([[f"cp_{number:016x}" for number in row] for row in numbers.tolist()], dtype=object)


def consents_frame(seed: int, people: Population, permissions: Permissions, until: int) -> pd.DataFrame:
    """Every consent statement recorded before `until` (microseconds), in order of time.

    Returns
    -------
    pandas.DataFrame
        Columns consent_id, customer_id, contact_point, channel, purpose, status (granted, withdrawn), basis (consent,
        contract), recorded_at, expires_at (missing for grants without expiry). A withdrawal is a separate row after
        its grant. Customers who were never asked have no row.
    """
    ids = contact_point_ids(seed, len(people))
    granted = _statements(people, ids, permissions.granted_at, "granted", until)
    withdrawn = _statements(people, ids, permissions.withdrawn_at, "withdrawn", until)
    lapse = permissions.expires_at[permissions.granted_at < until]
    granted["expires_at"] = timestamps(np.where(lapse == NEVER, 0, lapse)).where(pd.Series(lapse != NEVER))
    withdrawn["expires_at"] = granted["expires_at"].iloc[:0].reindex(withdrawn.index)
    rows = pd.concat([granted, withdrawn], ignore_index=True)
    rows = rows.sort_values(["recorded_at", "contact_point", "purpose"], kind="stable", ignore_index=True)
    rows.insert(0, "consent_id", "a" + pd.Series(np.arange(1, len(rows) + 1)).astype("str").str.zfill(8))
    return rows


def _statements(people: Population, ids: npt.NDArray[np.object_], times: Ints, status: str, until: int) -> pd.DataFrame:
    who, channel, purpose = np.nonzero(times < until)
    return pd.DataFrame(
        {
            "customer_id": people.frame["customer_id"].to_numpy()[who],
            "contact_point": ids[who, channel],
            "channel": np.array(CHANNELS)[channel],
            "purpose": np.array(PURPOSES)[purpose],
            "status": status,
            "basis": np.array(BASES)[purpose],
            "recorded_at": timestamps(times[who, channel, purpose]),
        }
    )


def suppressions_frame(people: Population, permissions: Permissions, until: int) -> pd.DataFrame:
    """Suppressions recorded before `until`, one row per customer.

    Returns
    -------
    pandas.DataFrame
        Columns customer_id, channel (missing: all channels), reason, recorded_at, until (missing: no end).
    """
    listed = np.less(permissions.suppressed_from, until)
    everywhere = np.asarray(listed.all(axis=1))
    who, channel = np.nonzero(listed & (~everywhere[:, None] | (np.arange(len(CHANNELS)) == 0)))
    brief = brief_suppressions(permissions.suppressed_from)[who, channel]
    end = permissions.suppressed_until[who, channel]
    names = np.array([*CHANNELS, None], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": people.frame["customer_id"].to_numpy()[who],
            "channel": pd.Series(names[np.where(everywhere[who], -1, channel)], dtype="str"),
            "reason": np.select([everywhere[who], brief], ["bereavement", "dispute"], "do_not_call_register"),
            "recorded_at": timestamps(permissions.suppressed_from[who, channel]),
            "until": timestamps(np.where(brief, end, 0)).where(pd.Series(brief)),
        }
    )
