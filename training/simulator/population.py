"""Simulated customers: observed attributes and latent traits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from heed.training.simulator.calendar import JURISDICTIONS, ZONE_SHARES, ZONES
from heed.training.simulator.offer_catalogue import CHANNELS, SEGMENTS
from heed.training.simulator.rng import Bools, Floats, Ints, named_generator

TASTE_DIMENSIONS = 4
DEVICES = ("android", "ios", "desktop", "unknown")
REGIONS = ("city", "suburb", "town", "village")
GENDERS = ("female", "male", "diverse")
PLANS = ("basic", "plus", "family", "premium")
SEGMENT_SHARES = (0.20, 0.28, 0.24, 0.18, 0.10)
# Mean taste per segment: the part of taste explained by the segment.
SEGMENT_MEANS = np.array(
    [[-0.6, 0.7, 0.5, -0.3], [0.2, -0.4, 0.6, 0.3], [0.7, 0.5, -0.2, 0.1], [0.1, -0.8, -0.6, 0.7],
     [0.5, 0.2, -0.7, -0.6]]
)  # fmt: skip
# Years of age per segment: mean and spread.
SEGMENT_AGES = np.array([[21.0, 3.5], [39.0, 7.0], [43.0, 10.0], [69.0, 7.0], [47.0, 9.0]])
# Log-odds added to any contact, per segment.
SEGMENT_WARMTH = np.array([-0.1, 0.3, -0.2, 0.2, -0.5])
# Log-odds added by channel, per segment.
SEGMENT_CHANNELS = np.array(
    [
        [-0.5, 0.5, 0.1, 0.4, -0.8],
        [0.2, 0.2, 0.1, 0.1, -0.1],
        [0.4, 0.0, -0.2, 0.1, -0.4],
        [0.2, -0.7, 0.1, -0.4, 0.6],
        [0.5, -0.2, -0.4, 0.0, 0.3],
    ]
)


@dataclass(frozen=True)
class Population:
    """Customers in a fixed order; arrays have one row per customer.

    Attributes
    ----------
    frame : pandas.DataFrame
        The contract's table `customers`: observed attributes, with missing values.
    segment : ndarray of int, shape (n,)
        Index into ``SEGMENTS``.
    taste : ndarray of shape (n, 4)
        Latent tastes, partly explained by segment, plan, device, tenure and lifetime value.
    channel_liking : ndarray of shape (n, channels)
        Log-odds added by each channel.
    sensitivity : ndarray of shape (n,)
        Sensitivity to contact fatigue, above 0 and around 1.
    visit_rate, app_rate : ndarray of shape (n,)
        Expected web visits and app openings per day outside the market.
    zone : ndarray of int, shape (n,)
        Index into ``ZONES`` of the true time zone.
    known_zone : ndarray of int, shape (n,)
        The recorded zone, or -1.
    eligible_age, eligible_tenure : ndarray of shape (n,)
        Recorded age and tenure; NaN where missing, which makes ineligible.
    certainty : ndarray of shape (n,)
        Usual certainty of this customer's signals, in (0, 1].
    scanned : ndarray of bool, shape (n,)
        Whether a security scanner opens this customer's e-mail.
    """

    frame: pd.DataFrame
    segment: Ints
    taste: Floats
    channel_liking: Floats
    sensitivity: Floats
    visit_rate: Floats
    app_rate: Floats
    zone: Ints
    known_zone: Ints
    eligible_age: Floats
    eligible_tenure: Floats
    certainty: Floats
    scanned: Bools

    def __len__(self) -> int:
        return len(self.frame)


def draw_population(seed: int, count: int) -> Population:
    """Draw `count` customers; the same seed gives the same customers."""
    rng = named_generator(seed, "people")
    segment = rng.choice(len(SEGMENTS), count, p=SEGMENT_SHARES)
    taste = SEGMENT_MEANS[segment] + 0.6 * rng.standard_normal((count, TASTE_DIMENSIONS))
    zone = rng.choice(len(ZONES), count, p=ZONE_SHARES)
    known_zone = np.where(rng.random(count) < 0.06, -1, zone)
    frame = _visible(rng, segment, taste).assign(
        time_zone=_named(ZONES, known_zone), jurisdiction=_named(JURISDICTIONS, zone)
    )
    vulnerable = frame["vulnerable"].to_numpy(dtype=np.bool_)
    return Population(
        frame=frame,
        segment=segment,
        taste=taste,
        channel_liking=_channel_liking(rng, segment, taste),
        sensitivity=rng.gamma(6.0, 1 / 6.0, count) * np.where(vulnerable, 1.6, 1.0) + 0.1,
        visit_rate=0.20 * np.exp(0.35 * taste[:, 0] + 0.4 * rng.standard_normal(count)),
        app_rate=_app_rate(frame, rng),
        zone=zone,
        known_zone=known_zone,
        eligible_age=frame["age"].to_numpy(dtype=np.float64),
        eligible_tenure=frame["tenure_days"].to_numpy(dtype=np.float64),
        certainty=np.where(rng.random(count) < 0.7, 1.0, np.round(rng.uniform(0.55, 0.95, count), 2)),
        scanned=rng.random(count) < np.where(segment == SEGMENTS.index("business"), 0.5, 0.06),
    )


def _channel_liking(rng: np.random.Generator, segment: Ints, taste: Floats) -> Floats:
    """Log-odds added by each channel; newer customers dislike contact more."""
    warmth = SEGMENT_WARMTH[segment] + 0.5 * taste[:, 3] + 0.25 * rng.standard_normal(len(segment))
    own = 0.3 * rng.standard_normal((len(segment), len(CHANNELS)))
    return np.asarray(warmth[:, None] + SEGMENT_CHANNELS[segment] + own)


def _visible(rng: np.random.Generator, segment: Ints, taste: Floats) -> pd.DataFrame:
    count = len(segment)
    mean, spread = SEGMENT_AGES[segment].T
    age = np.clip(np.rint(mean + spread * rng.standard_normal(count)), 16, 96)
    tenure = np.clip(np.rint(420 * np.exp(0.5 * taste[:, 3] + 0.5 * rng.standard_normal(count))), 1, 6000)
    worth = np.round(180 * np.exp(0.55 * taste[:, 0] + 0.35 * rng.standard_normal(count)), 2)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:06d}" for number in range(1, count + 1)],
            "segment": _named(SEGMENTS, segment),
            "age": np.where(rng.random(count) < 0.06, np.nan, age),
            "tenure_days": tenure,
            "plan": _named(PLANS, _graded(taste[:, 1], rng, (-0.7, 0.1, 0.9))),
            "device": _named(DEVICES, np.where(rng.random(count) < 0.05, -1, _device(taste, rng))),
            "region": _named(REGIONS, np.where(rng.random(count) < 0.04, -1, rng.integers(0, len(REGIONS), count))),
            "lifetime_value": np.where(rng.random(count) < 0.03, np.nan, worth),
            "gender": _named(GENDERS, rng.choice((-1, 0, 1, 2), count, p=(0.25, 0.38, 0.36, 0.01))),
            "vulnerable": rng.random(count) < 0.04,
        }
    )  # fmt: skip


def _device(taste: Floats, rng: np.random.Generator) -> Ints:
    return _graded(taste[:, 2], rng, (-0.2, 0.6, 1.5))


def _graded(taste: Floats, rng: np.random.Generator, edges: tuple[float, ...]) -> Ints:
    return np.digitize(taste + 0.4 * rng.standard_normal(len(taste)), edges).astype(np.int64)


def _app_rate(frame: pd.DataFrame, rng: np.random.Generator) -> Floats:
    mobile = frame["device"].isin(["android", "ios"]).to_numpy()
    return np.where(mobile, 0.22, 0.04) * np.exp(0.4 * rng.standard_normal(len(frame)))


def _named(names: tuple[str, ...], index: Ints) -> pd.Series:
    """Names by index; -1 is missing."""
    table = np.array([*names, None], dtype=object)
    return pd.Series(table[index], dtype="str")
