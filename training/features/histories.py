"""Which window and cross features a vocabulary gives, before the data has its say."""

from collections.abc import Iterator

from training.features.feature import Feature, Group, Kind, Measure, Op, Source
from training.features.vocabulary import Vocabulary

DAYS = (1, 7, 30, 90)
LONGEST = DAYS[-1]
# A rate behaves as if this many contacts at the prior rate had come before.
STRENGTH = 5.0


def histories(words: Vocabulary) -> tuple[Feature, ...]:
    """Window features, then cross features, the general before the special; rates without their prior."""
    return (*_contacts(words), *_signals(words), *_rates(words), *_own())


def _contacts(words: Vocabulary) -> Iterator[Feature]:
    yield from _counts("contacts", Group.CONTACT)
    yield _recency("days_since_contact", Group.CONTACT)
    for channel in words.channels:
        yield from _counts(f"contacts_{channel}", Group.CONTACT_CHANNEL, channel)


def _signals(words: Vocabulary) -> Iterator[Feature]:
    for kind in words.signal_types:
        yield from _counts(f"signal_{kind}", Group.SIGNAL_TYPE, kind)
        yield _recency(f"days_since_last_{kind}", Group.SIGNAL_TYPE, kind)
    for channel in words.channels:
        yield from _counts(f"signals_{channel}", Group.SIGNAL_CHANNEL, channel)


def _rates(words: Vocabulary) -> Iterator[Feature]:
    for kind in words.signal_types:
        yield _rate(f"rate_{kind}_per_contact", Group.SIGNAL_TYPE, kind)


def _own() -> Iterator[Feature]:
    yield from _counts("own_channel_contacts", Group.CONTACT_CHANNEL, source=Source.CROSS)
    yield _recency("days_since_own_channel_contact", Group.CONTACT_CHANNEL, source=Source.CROSS)
    yield from _counts("own_action_contacts", Group.CONTACT_ACTION, source=Source.CROSS)
    yield _recency("days_since_own_action_contact", Group.CONTACT_ACTION, source=Source.CROSS)
    yield from _counts("own_channel_signals", Group.SIGNAL_CHANNEL, source=Source.CROSS)
    yield _recency("days_since_own_channel_signal", Group.SIGNAL_CHANNEL, source=Source.CROSS)
    yield _rate("rate_own_channel_signals_per_contact", Group.SIGNAL_CHANNEL, source=Source.CROSS)


def _counts(name: str, group: Group, key: str | None = None, source: Source = Source.WINDOW) -> Iterator[Feature]:
    for days in DAYS:
        yield _feature(f"{name}_{days}d", source, Measure(Op.COUNT, group, days, key))


def _recency(name: str, group: Group, key: str | None = None, source: Source = Source.WINDOW) -> Feature:
    return _feature(name, source, Measure(Op.RECENCY, group, LONGEST, key))


def _rate(name: str, group: Group, key: str | None = None, source: Source = Source.WINDOW) -> Feature:
    measure = Measure(Op.RATE, group, LONGEST, key, strength=STRENGTH)
    return _feature(f"{name}_{LONGEST}d", source, measure)


def _feature(name: str, source: Source, measure: Measure) -> Feature:
    return Feature(name, Kind.NUMERIC, source, measure=measure)
