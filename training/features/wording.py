"""Features in words, for people who look at pictures and never at columns."""

from decisioning.canonical import Scalar
from training.features.feature import Feature, Group, Measure, Op, Source

_CLOCK = {"hour": "Hour of the day, where the customer is", "weekday": "Day of the week, where the customer is"}
_FIELDS = {
    "action_id": "Action",
    "window_days": "Action: days in which the outcome counts",
}
# One event, many events, and what stands in for the key where it is the candidate's own.
_EVENTS = {
    Group.CONTACT: ("contact", "contacts", ""),
    Group.CONTACT_CHANNEL: ("contact by {}", "contacts by {}", "this channel"),
    Group.CONTACT_ACTION: ("contact with {}", "contacts with {}", "this action"),
    Group.SIGNAL_TYPE: ("signal `{}`", "signals `{}`", ""),
    Group.SIGNAL_CHANNEL: ("signal by {}", "signals by {}", "this channel"),
}


def wording(feature: Feature) -> str:
    """What one feature says, in words: those of its dictionary, else such as ``Contacts by email, last 30 days``."""
    if feature.words:
        return feature.words
    if feature.measure is not None:
        return _measured(feature.measure)
    if feature.source is Source.TIME:
        return _CLOCK[feature.of]
    if feature.source is Source.ACTION and feature.of in _FIELDS:
        return _FIELDS[feature.of]
    return f"{feature.source.value.capitalize()}: {_spaced(feature.of)}"


def shown(value: Scalar) -> str:
    """A feature's value in words; numbers have three digits."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _measured(measure: Measure) -> str:
    one, many, own = _EVENTS[measure.group]
    key = own if measure.key is None else _spaced(measure.key)
    if measure.op is Op.RECENCY:
        return f"Days since the last {one.format(key)}"
    span = "last 24 hours" if measure.days == 1 else f"last {measure.days} days"
    said = many[0].upper() + many[1:].format(key)
    return f"{said} per contact, {span}" if measure.op is Op.RATE else f"{said}, {span}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
