"""What customers allow, where they can be reached, and who must be left alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.world.catalogue import CHANNELS, PURPOSES
from training.world.clock import DAY, Calendar, timestamps
from training.world.people import People
from training.world.streams import Bools, Ints, stream

NEVER = np.iinfo(np.int64).max
# Share of customers with a contact point per channel; push needs the app and is drawn from the device.
REACH = (0.97, 0.80, 0.86, 0.90, 0.82)
# Shares who were asked and granted, per purpose (rows) and channel (columns).
GRANTED = np.array([[0.74, 0.62, 0.46, 0.80, 0.34], [0.97, 0.85, 0.90, 0.95, 0.82]])
# Of the rest, the share who once granted and withdrew; the others were never asked.
WITHDREW = 0.35
BASES = ("consent", "contract")
SUPPRESSION_REASONS = ("complaint", "do_not_call_register", "bereavement", "dispute")


@dataclass(frozen=True)
class Permissions:
    """Contact points and consents as arrays of shape (customers, channels, purposes), times in microseconds.

    Attributes
    ----------
    reachable : ndarray of bool, shape (customers, channels)
        Whether there is a contact point.
    granted_at, expires_at, withdrawn_at : ndarray of int
        When consent starts, lapses and was taken back; ``NEVER`` where it does not.
    suppressed_from : ndarray of int, shape (customers, channels)
        From when on the channel is suppressed; ``NEVER`` where it is not.
    """

    reachable: Bools
    granted_at: Ints
    expires_at: Ints
    withdrawn_at: Ints
    suppressed_from: Ints

    def live(self, who: Ints, at: Ints) -> Bools:
        """Whether each customer may be contacted then: shape (len(who), channels, purposes)."""
        moment = at[:, None, None]
        inside = (self.granted_at[who] <= moment) & (moment < self.expires_at[who])
        spared = self.reachable[who] & (at[:, None] < self.suppressed_from[who])
        return np.asarray(inside & (moment < self.withdrawn_at[who]) & spared[:, :, None])


def make_permissions(seed: int, people: People, calendar: Calendar) -> Permissions:
    """Draw what holds for each customer before and during the played time, before any opt-out that play causes."""
    draw = stream(seed, "consents")
    shape = (len(people), len(CHANNELS), len(PURPOSES))
    reachable = _reachable(draw, people)
    granted = (draw.random(shape) < GRANTED.T) & reachable[:, :, None]
    withdrew = ~granted & reachable[:, :, None] & (draw.random(shape) < WITHDREW)
    granted_at = _grant_times(draw, people, calendar, shape)
    withdrawn_at = granted_at + (draw.random(shape) * 0.9 * (calendar.start - granted_at)).astype(np.int64)
    # Grants that come during play must not be withdrawn before they exist.
    withdrew &= granted_at < calendar.start
    lapses = granted & (draw.random(shape) < 0.10)
    lapse_at = calendar.start + (draw.uniform(-0.3, 1.6, shape) * calendar.days * DAY).astype(np.int64)
    return Permissions(
        reachable=reachable,
        granted_at=np.where(granted | withdrew, granted_at, NEVER),
        expires_at=np.where(lapses & (lapse_at > granted_at), lapse_at, NEVER),
        withdrawn_at=np.where(withdrew, withdrawn_at, NEVER),
        suppressed_from=_suppressions(draw, len(people), calendar),
    )


def _reachable(draw: np.random.Generator, people: People) -> Bools:
    reachable = draw.random((len(people), len(CHANNELS))) < REACH
    reachable[:, CHANNELS.index("push")] &= people.frame["device"].isin(["android", "ios"]).to_numpy()
    return reachable


def _grant_times(draw: np.random.Generator, people: People, calendar: Calendar, shape: tuple[int, ...]) -> Ints:
    """Mostly before play, within the customer's tenure; one in twelve comes during play."""
    tenure = people.frame["tenure_days"].to_numpy(dtype=np.float64)[:, None, None]
    before = calendar.start - (draw.random(shape) * np.maximum(tenure, 2.0) * DAY).astype(np.int64) - DAY
    during = calendar.start + (draw.random(shape) * calendar.days * DAY).astype(np.int64)
    return np.where(draw.random(shape) < 1 / 12, during, before)


def _suppressions(draw: np.random.Generator, count: int, calendar: Calendar) -> Ints:
    """One in fifty customers is suppressed on one channel, one in a hundred on all."""
    since = calendar.start + (draw.uniform(-1.0, 1.0, count) * calendar.days * DAY).astype(np.int64)
    kind = draw.random(count)
    channel = draw.integers(0, len(CHANNELS), count)
    hit = (kind < 0.01)[:, None] | ((kind < 0.03)[:, None] & (channel[:, None] == np.arange(len(CHANNELS))))
    return np.where(hit, since[:, None], NEVER)


def contact_points_frame(seed: int, people: People, permissions: Permissions) -> pd.DataFrame:
    """Every contact point under an opaque id: columns customer_id, contact_point, channel."""
    who, channel = np.nonzero(permissions.reachable)
    return pd.DataFrame(
        {
            "customer_id": people.frame["customer_id"].to_numpy()[who],
            "contact_point": contact_point_ids(seed, len(people))[who, channel],
            "channel": np.array(CHANNELS)[channel],
        }
    )


def contact_point_ids(seed: int, count: int) -> npt.NDArray[np.object_]:
    """Opaque ids of shape (customers, channels): they tell neither the customer nor the address."""
    draw = stream(seed, "contact points")
    numbers = draw.integers(0, 2**63, (count, len(CHANNELS)))
    return np.array([[f"cp_{one:016x}" for one in row] for row in numbers.tolist()], dtype=object)


def consents_frame(seed: int, people: People, permissions: Permissions, until: int) -> pd.DataFrame:
    """Every statement recorded before `until` (microseconds), in order of time.

    Returns
    -------
    pandas.DataFrame
        Columns customer_id, contact_point, channel, purpose, status (granted, withdrawn), basis (consent, contract),
        recorded_at, expires_at (missing where a grant does not lapse). A withdrawal is a row of its own after the
        grant. Who was never asked has no row.
    """
    ids = contact_point_ids(seed, len(people))
    granted = _statements(people, ids, permissions.granted_at, "granted", until)
    withdrawn = _statements(people, ids, permissions.withdrawn_at, "withdrawn", until)
    lapse = permissions.expires_at[permissions.granted_at < until]
    granted["expires_at"] = timestamps(np.where(lapse == NEVER, 0, lapse)).where(pd.Series(lapse != NEVER))
    withdrawn["expires_at"] = granted["expires_at"].iloc[:0].reindex(withdrawn.index)
    rows = pd.concat([granted, withdrawn], ignore_index=True)
    return rows.sort_values(["recorded_at", "contact_point", "purpose"], kind="stable", ignore_index=True)


def _statements(people: People, ids: npt.NDArray[np.object_], times: Ints, status: str, until: int) -> pd.DataFrame:
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


def suppressions_frame(people: People, permissions: Permissions, until: int) -> pd.DataFrame:
    """Suppressions recorded before `until`: customer_id, channel (missing: all channels), reason, recorded_at."""
    listed = np.less(permissions.suppressed_from, until)
    everywhere = np.asarray(listed.all(axis=1))
    who, channel = np.nonzero(listed & (~everywhere[:, None] | (np.arange(len(CHANNELS)) == 0)))
    names = np.array([*CHANNELS, None], dtype=object)
    return pd.DataFrame(
        {
            "customer_id": people.frame["customer_id"].to_numpy()[who],
            "channel": pd.Series(names[np.where(everywhere[who], -1, channel)], dtype="str"),
            "reason": np.array(SUPPRESSION_REASONS)[who % len(SUPPRESSION_REASONS)],
            "recorded_at": timestamps(permissions.suppressed_from[who, channel]),
        }
    )
