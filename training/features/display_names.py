"""Display names of features and of their values, for reports and explanations."""

from heed.decisioning.canonical import Scalar
from heed.training.features.feature import EventGroup, Feature, FeatureSource, WindowMeasure, WindowOp

_CLOCK = {"hour": "Hour of the day, where the customer is", "weekday": "Day of the week, where the customer is"}
_FIELDS = {
    "action_id": "Action",
    "window_days": "Action: days in which the outcome counts",
}
# Singular, plural, and the word for the candidate's own key.
_EVENTS = {
    EventGroup.CONTACT: ("contact", "contacts", ""),
    EventGroup.CONTACT_CHANNEL: ("contact by {}", "contacts by {}", "this channel"),
    EventGroup.CONTACT_ACTION: ("contact with {}", "contacts with {}", "this action"),
    EventGroup.SIGNAL_TYPE: ("signal `{}`", "signals `{}`", ""),
    EventGroup.SIGNAL_CHANNEL: ("signal by {}", "signals by {}", "this channel"),
}


def display_name(feature: Feature) -> str:
    """Display name of a feature: from its dictionary, or generated, as ``Contacts by email, last 30 days``."""
    if feature.words:
        return feature.words
    if feature.measure is not None:
        return _measured(feature.measure)
    if feature.source is FeatureSource.TIME:
        return _CLOCK[feature.of]
    if feature.source is FeatureSource.ACTION and feature.of in _FIELDS:
        return _FIELDS[feature.of]
    return f"{feature.source.value.capitalize()}: {_spaced(feature.of)}"


def display_value(value: Scalar) -> str:
    """A value of a feature as text; numbers have three significant digits."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _measured(measure: WindowMeasure) -> str:
    singular, plural, own = _EVENTS[measure.group]
    key = own if measure.key is None else _spaced(measure.key)
    if measure.op is WindowOp.RECENCY:
        return f"Days since the last {singular.format(key)}"
    span = "last 24 hours" if measure.days == 1 else f"last {measure.days} days"
    subject = plural[0].upper() + plural[1:].format(key)
    return f"{subject} per contact, {span}" if measure.op is WindowOp.RATE else f"{subject}, {span}"


def _spaced(name: str) -> str:
    return name.replace("_", " ")
