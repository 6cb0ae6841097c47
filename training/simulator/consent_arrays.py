"""Simulated consents, contact points and suppressions, as arrays."""

from dataclasses import dataclass

import numpy as np

from heed.training.simulator.calendar import DAY, Calendar
from heed.training.simulator.offer_catalogue import CHANNELS, PURPOSES
from heed.training.simulator.population import Population
from heed.training.simulator.rng import Bools, Ints, named_generator

NEVER = np.iinfo(np.int64).max
# Share of customers with a contact point per channel; push also needs a mobile device.
REACHABLE_SHARES = (0.97, 0.80, 0.86, 0.90, 0.82)
# Share of customers with granted consent per purpose (rows) and channel (columns).
GRANTED_SHARES = np.array([[0.74, 0.62, 0.46, 0.80, 0.34], [0.97, 0.85, 0.90, 0.95, 0.82]])
# Share of the others who granted and withdrew; the rest were never asked.
WITHDRAWN_SHARE = 0.35
# Length of a dispute on a written channel; other suppressions have no end.
DISPUTE_DAYS = 60


@dataclass(frozen=True)
class Permissions:
    """Contact points and consents as arrays of shape (customers, channels, purposes), times in microseconds.

    Attributes
    ----------
    reachable : ndarray of bool, shape (customers, channels)
        Whether there is a contact point.
    granted_at, expires_at, withdrawn_at : ndarray of int
        Times of grant, expiry and withdrawal; ``NEVER`` where there is none.
    suppressed_from, suppressed_until : ndarray of int, shape (customers, channels)
        Start and end of suppression; ``NEVER`` where there is none.
    """

    reachable: Bools
    granted_at: Ints
    expires_at: Ints
    withdrawn_at: Ints
    suppressed_from: Ints
    suppressed_until: Ints

    def live(self, who: Ints, at: Ints) -> Bools:
        """Whether each customer may be contacted at each time: shape (len(who), channels, purposes)."""
        moment = at[:, None, None]
        inside = (self.granted_at[who] <= moment) & (moment < self.expires_at[who])
        since, until = self.suppressed_from[who], self.suppressed_until[who]
        reachable = self.reachable[who] & ((at[:, None] < since) | (until <= at[:, None]))
        return np.asarray(inside & (moment < self.withdrawn_at[who]) & reachable[:, :, None])


def draw_permissions(seed: int, people: Population, calendar: Calendar) -> Permissions:
    """Draw consents and suppressions of each customer, without opt-outs caused by simulated contacts."""
    rng = named_generator(seed, "consents")
    shape = (len(people), len(CHANNELS), len(PURPOSES))
    reachable = _reachable(rng, people)
    granted = (rng.random(shape) < GRANTED_SHARES.T) & reachable[:, :, None]
    withdrew = ~granted & reachable[:, :, None] & (rng.random(shape) < WITHDRAWN_SHARE)
    granted_at = _grant_times(rng, people, calendar, shape)
    withdrawn_at = granted_at + (rng.random(shape) * 0.9 * (calendar.start - granted_at)).astype(np.int64)
    # Grants during the simulation must not be withdrawn before they exist.
    withdrew &= granted_at < calendar.start
    lapses = granted & (rng.random(shape) < 0.10)
    lapse_at = calendar.start + (rng.uniform(-0.3, 1.6, shape) * calendar.days * DAY).astype(np.int64)
    suppressed_from = _suppressions(rng, len(people), calendar)
    brief = brief_suppressions(suppressed_from)
    return Permissions(
        reachable=reachable,
        granted_at=np.where(granted | withdrew, granted_at, NEVER),
        expires_at=np.where(lapses & (lapse_at > granted_at), lapse_at, NEVER),
        withdrawn_at=np.where(withdrew, withdrawn_at, NEVER),
        suppressed_from=suppressed_from,
        suppressed_until=np.where(brief, suppressed_from + DISPUTE_DAYS * DAY, NEVER),
    )


def _reachable(rng: np.random.Generator, people: Population) -> Bools:
    reachable = rng.random((len(people), len(CHANNELS))) < REACHABLE_SHARES
    reachable[:, CHANNELS.index("push")] &= people.frame["device"].isin(["android", "ios"]).to_numpy()
    return reachable


def _grant_times(rng: np.random.Generator, people: Population, calendar: Calendar, shape: tuple[int, ...]) -> Ints:
    """Mostly before the simulation, within the customer's tenure; one in twelve during it."""
    tenure = people.frame["tenure_days"].to_numpy(dtype=np.float64)[:, None, None]
    before = calendar.start - (rng.random(shape) * np.maximum(tenure, 2.0) * DAY).astype(np.int64) - DAY
    during = calendar.start + (rng.random(shape) * calendar.days * DAY).astype(np.int64)
    return np.where(rng.random(shape) < 1 / 12, during, before)


def _suppressions(rng: np.random.Generator, count: int, calendar: Calendar) -> Ints:
    """One in fifty customers is suppressed on one channel, one in a hundred on all."""
    since = calendar.start + (rng.uniform(-1.0, 1.0, count) * calendar.days * DAY).astype(np.int64)
    kind = rng.random(count)
    channel = rng.integers(0, len(CHANNELS), count)
    hit = (kind < 0.01)[:, None] | ((kind < 0.03)[:, None] & (channel[:, None] == np.arange(len(CHANNELS))))
    return np.where(hit, since[:, None], NEVER)


def brief_suppressions(suppressed_from: Ints) -> Bools:
    """Which suppressions are disputes with an end: those of a single written channel; shape (customers, channels)."""
    listed = np.less(suppressed_from, NEVER)
    written = [name in ("email", "push", "web") for name in CHANNELS]
    everywhere = np.asarray(listed.all(axis=1))
    return np.asarray(listed & ~everywhere[:, None] & written)
