"""Window and cross features for a vocabulary."""

from collections.abc import Iterator

from heed.training.features.feature import EventGroup, Feature, FeatureKind, FeatureSource, WindowMeasure, WindowOp
from heed.training.features.vocabulary import Vocabulary

DAYS = (1, 7, 30, 90)
LONGEST_DAYS = DAYS[-1]
# Rates are smoothed with this many pseudo-contacts at the prior rate.
PRIOR_CONTACTS = 5.0


def window_features(words: Vocabulary) -> tuple[Feature, ...]:
    """Window features, then cross features, general ones first; priors of rates are set later."""
    return (*_contacts(words), *_signals(words), *_rates(words), *_own())


def _contacts(words: Vocabulary) -> Iterator[Feature]:
    yield from _counts("contacts", EventGroup.CONTACT)
    yield _recency("days_since_contact", EventGroup.CONTACT)
    for channel in words.channels:
        yield from _counts(f"contacts_{channel}", EventGroup.CONTACT_CHANNEL, channel)


def _signals(words: Vocabulary) -> Iterator[Feature]:
    for kind in words.signal_types:
        yield from _counts(f"signal_{kind}", EventGroup.SIGNAL_TYPE, kind)
        yield _recency(f"days_since_last_{kind}", EventGroup.SIGNAL_TYPE, kind)
    for channel in words.channels:
        yield from _counts(f"signals_{channel}", EventGroup.SIGNAL_CHANNEL, channel)


def _rates(words: Vocabulary) -> Iterator[Feature]:
    for kind in words.signal_types:
        yield _rate(f"rate_{kind}_per_contact", EventGroup.SIGNAL_TYPE, kind)


def _own() -> Iterator[Feature]:
    yield from _counts("own_channel_contacts", EventGroup.CONTACT_CHANNEL, source=FeatureSource.CROSS)
    yield _recency("days_since_own_channel_contact", EventGroup.CONTACT_CHANNEL, source=FeatureSource.CROSS)
    yield from _counts("own_action_contacts", EventGroup.CONTACT_ACTION, source=FeatureSource.CROSS)
    yield _recency("days_since_own_action_contact", EventGroup.CONTACT_ACTION, source=FeatureSource.CROSS)
    yield from _counts("own_channel_signals", EventGroup.SIGNAL_CHANNEL, source=FeatureSource.CROSS)
    yield _recency("days_since_own_channel_signal", EventGroup.SIGNAL_CHANNEL, source=FeatureSource.CROSS)
    yield _rate("rate_own_channel_signals_per_contact", EventGroup.SIGNAL_CHANNEL, source=FeatureSource.CROSS)


def _counts(
    name: str, group: EventGroup, key: str | None = None, source: FeatureSource = FeatureSource.WINDOW
) -> Iterator[Feature]:
    for days in DAYS:
        yield _feature(f"{name}_{days}d", source, WindowMeasure(WindowOp.COUNT, group, days, key))


def _recency(
    name: str, group: EventGroup, key: str | None = None, source: FeatureSource = FeatureSource.WINDOW
) -> Feature:
    return _feature(name, source, WindowMeasure(WindowOp.RECENCY, group, LONGEST_DAYS, key))


def _rate(
    name: str, group: EventGroup, key: str | None = None, source: FeatureSource = FeatureSource.WINDOW
) -> Feature:
    measure = WindowMeasure(WindowOp.RATE, group, LONGEST_DAYS, key, strength=PRIOR_CONTACTS)
    return _feature(f"{name}_{LONGEST_DAYS}d", source, measure)


def _feature(name: str, source: FeatureSource, measure: WindowMeasure) -> Feature:
    return Feature(name, FeatureKind.NUMERIC, source, measure=measure)
