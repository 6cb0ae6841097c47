"""Expand the short form of facts in scenarios to reports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from heed.guardrails.field_types import parse_duration

Fact = dict[str, Any]
FACT_KINDS: Mapping[str, str] = {
    "customers": "customer_id",
    "consents": "consent_id",
    "objections": "objection_id",
    "signals": "signal_id",
    "contacts": "contact_id",
    "outcomes": "outcome_id",
}
_TIMES: Mapping[str, str] = {"consents": "recorded_at", "objections": "recorded_at"}
_AGREED = {"channel": "email", "purpose": "marketing", "status": "granted"}
_USUAL: Mapping[str, Mapping[str, Any]] = {
    "consents": _AGREED,
    "contacts": {"action_id": "earlier", "channel": "email", "purpose": "marketing", "source": "another-tool"},
    "signals": {"type": "email_open"},
    "outcomes": {"type": "purchase"},
}
_PROFILE = {"time_zone": "Europe/London", "jurisdiction": "GB"}


@dataclass
class ScenarioNames:
    """Ids of one scenario, distinct from those of all others."""

    scenario: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def prefix(self) -> str:
        """Prefix of every id of the scenario."""
        return f"{self.scenario}/"

    def __call__(self, name: str) -> str:
        """The id for a name of the scenario."""
        return self.prefix + name

    def fresh(self, kind: str) -> str:
        """A new id."""
        return self(f"{kind}-{next(self.numbers)}")


def initial_facts(
    names: ScenarioNames, customer: str, given: Mapping[str, Any], now: datetime
) -> dict[str, list[Fact]]:
    """Facts to report of a customer before a scenario starts, by kind."""
    profile = {"contact_points": {f"{customer}-email": "email"}, "consents": [{"ago": "30d"}], **_PROFILE, **given}
    histories = {kind: profile.pop(kind, ()) for kind in FACT_KINDS if kind != "customers"}
    facts = {"customers": [build_fact(names, "customers", {"customer": customer, **profile}, now)]}
    for kind, entries in histories.items():
        facts[kind] = [build_fact(names, kind, {"customer": customer, **entry}, now) for entry in entries]
    return {kind: entries for kind, entries in facts.items() if entries}


def build_fact(names: ScenarioNames, kind: str, given: Mapping[str, Any], now: datetime) -> Fact:
    """One fact of a kind, with defaults for absent fields. A null field is left out."""
    fields = {**_USUAL.get(kind, {}), **given}
    customer, own_id = fields.pop("customer", None), fields.pop("id", None)
    if kind != "customers":
        fields[FACT_KINDS[kind]] = names.fresh(kind) if own_id is None else names(own_id)
        fields = _timed(fields, _TIMES.get(kind, "at"), now)
    else:
        fields["suppressions"] = [
            _timed(suppression, "recorded_at", now) for suppression in fields.get("suppressions", ())
        ]
        fields["contact_points"] = _points(names, fields.get("contact_points", ()))
    if fields.get("contact_point") is not None:
        fields["contact_point"] = names(fields["contact_point"])
    if "contact" in fields:
        fields["contact_id"] = names(fields.pop("contact"))
    who = {} if customer is None else {"customer_id": names(customer)}
    return {**who, **{name: value for name, value in fields.items() if value is not None}}


def _timed(given: Mapping[str, Any], name: str, now: datetime) -> Fact:
    """The same with its time: given, relative (`ago`), or now."""
    fields = dict(given)
    ago = fields.pop("ago", None)
    fields.setdefault(name, (now if ago is None else now - parse_duration(ago)).isoformat())
    return fields


def _points(names: ScenarioNames, given: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[Fact]:
    """Contact points from `name: channel`, or from `name: {channel: ..., and more}`."""
    if not isinstance(given, Mapping):
        return [{**point, "contact_point": names(point["contact_point"])} for point in given]
    entries = {name: {"channel": entry} if isinstance(entry, str) else dict(entry) for name, entry in given.items()}
    return [{"contact_point": names(name), **entry} for name, entry in entries.items()]
