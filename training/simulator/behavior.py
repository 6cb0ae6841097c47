"""Simulated signals: spontaneous activity, reactions to messages, and opens and clicks by security scanners."""

from dataclasses import dataclass

import numpy as np

from heed.training.simulator.calendar import DAY, HOUR
from heed.training.simulator.offer_catalogue import CHANNEL_OF, CHANNELS
from heed.training.simulator.population import Population
from heed.training.simulator.rng import Bools, Floats, Ints, sigmoid

TYPES = ("open", "click", "visit", "purchase", "app_open")
OPEN, CLICK, VISIT, PURCHASE, APP_OPEN = range(len(TYPES))
EMAIL, PUSH, SMS, WEB, CALL = range(len(CHANNELS))
# Customers are at times in the market: for some days they visit more often and respond more.
STARTS_A_DAY = 0.018
STOPS_A_DAY = 0.20
BUSY = 5.0
PURCHASES_PER_VISIT = 0.012
BOT_CERTAINTY = 0.15
SECOND = 1_000_000


@dataclass(frozen=True)
class Signals:
    """Signals as parallel arrays: customer index, time, type and channel indices, certainty, value (NaN: none)."""

    who: Ints
    at: Ints
    kind: Ints
    channel: Ints
    certainty: Floats
    value: Floats


@dataclass(frozen=True)
class SentContacts:
    """Contacts of one day: customer, time, action index, lift in log-odds, whether it converted."""

    who: Ints
    at: Ints
    action: Ints
    lift: Floats
    converted: Bools


def next_busy(busy: Bools, rng: np.random.Generator) -> Bools:
    """Which customers are in the market on the next day."""
    level = rng.random(len(busy))
    return np.where(busy, level >= STOPS_A_DAY, level < STARTS_A_DAY)


def browse(people: Population, busy: Bools, midnight: int, rng: np.random.Generator) -> tuple[Signals, Floats]:
    """One day of spontaneous visits, app openings and purchases.

    Returns
    -------
    Signals
        Observed signals. A signal of certainty c is the customer's own with probability c.
    ndarray of shape (customers,)
        Number of visits and app openings that were the customer's own.
    """
    pace = np.where(busy, BUSY, 1.0)
    visits = _spread(rng.poisson(people.visit_rate * pace))
    openings = _spread(rng.poisson(people.app_rate * np.sqrt(pace)))
    buyers = visits[rng.random(len(visits)) < PURCHASES_PER_VISIT]
    who = np.concatenate([visits, openings, buyers])
    kind = np.repeat(np.array([VISIT, APP_OPEN, PURCHASE]), [len(visits), len(openings), len(buyers)])
    certainty = np.where(kind == VISIT, people.certainty[who], 1.0)
    own = (rng.random(len(who)) < certainty) & (kind != PURCHASE)
    signals = Signals(
        who=who,
        at=midnight + rng.integers(0, DAY, len(who)),
        kind=kind,
        channel=np.where(kind == APP_OPEN, PUSH, WEB),
        certainty=certainty,
        value=np.where(kind == PURCHASE, np.round(rng.gamma(2.0, 22.0, len(who)), 2), np.nan),
    )
    return signals, np.bincount(who[own], minlength=len(people)).astype(np.float64)


def react(people: Population, sent: SentContacts, rng: np.random.Generator) -> Signals:
    """Opens and clicks after messages; calls have none, and scanners open mail within a minute."""
    channel = CHANNEL_OF[sent.action]
    clicked = (rng.random(len(channel)) < sigmoid(-2.6 + 0.8 * sent.lift)) | (
        sent.converted & (rng.random(len(channel)) < 0.6)
    )
    opened = clicked | (rng.random(len(channel)) < sigmoid(-0.7 + 0.5 * sent.lift))
    mail = (channel == EMAIL) | (channel == PUSH)
    delay = (rng.exponential(4.0, len(channel)) * HOUR).astype(np.int64) + 90 * SECOND
    scanner = rng.integers(2, 45, len(channel)) * SECOND
    scanned = (channel == EMAIL) & people.scanned[sent.who]
    bot_clicked = scanned & (rng.random(len(channel)) < 0.3)
    return concat_signals(
        _marked(sent, opened & mail, OPEN, delay, 0.9),
        _marked(sent, clicked & (channel != CALL), CLICK, delay + 20 * SECOND, 1.0),
        _marked(sent, scanned, OPEN, scanner, BOT_CERTAINTY),
        _marked(sent, bot_clicked, CLICK, scanner + SECOND, BOT_CERTAINTY),
    )


def purchases(who: Ints, at: Ints, value: Floats) -> Signals:
    """The purchase signal of a conversion."""
    kind, channel = np.full(len(who), PURCHASE), np.full(len(who), WEB)
    return Signals(who, at, kind, channel, np.ones(len(who)), value)


def concat_signals(*parts: Signals) -> Signals:
    """Concatenate signals in order."""
    names = ("who", "at", "kind", "channel", "certainty", "value")
    return Signals(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _marked(sent: SentContacts, mask: Bools, kind: int, delay: Ints, certainty: float) -> Signals:
    count = int(mask.sum())
    return Signals(
        who=sent.who[mask],
        at=(sent.at + delay)[mask],
        kind=np.full(count, kind),
        channel=CHANNEL_OF[sent.action[mask]],
        certainty=np.full(count, certainty),
        value=np.full(count, np.nan),
    )


def _spread(counts: Ints) -> Ints:
    return np.repeat(np.arange(len(counts)), counts)
