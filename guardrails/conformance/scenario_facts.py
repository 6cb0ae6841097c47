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
    said = {"contact_points": {f"{customer}-email": "email"}, "consents": [{"ago": "30d"}], **_PROFILE, **given}
    about = {kind: said.pop(kind, ()) for kind in FACT_KINDS if kind != "customers"}
    facts = {"customers": [build_fact(names, "customers", {"customer": customer, **said}, now)]}
    for kind, entries in about.items():
        facts[kind] = [build_fact(names, kind, {"customer": customer, **entry}, now) for entry in entries]
    return {kind: entries for kind, entries in facts.items() if entries}


def build_fact(names: ScenarioNames, kind: str, said: Mapping[str, Any], now: datetime) -> Fact:
    """One fact of a kind, with defaults for absent fields. A null field is left out."""
    told = {**_USUAL.get(kind, {}), **said}
    customer, own_id = told.pop("customer", None), told.pop("id", None)
    if kind != "customers":
        told[FACT_KINDS[kind]] = names.fresh(kind) if own_id is None else names(own_id)
        told = _timed(told, _TIMES.get(kind, "at"), now)
    else:
        told["suppressions"] = [_timed(one, "recorded_at", now) for one in told.get("suppressions", ())]
        told["contact_points"] = _points(names, told.get("contact_points", ()))
    if told.get("contact_point") is not None:
        told["contact_point"] = names(told["contact_point"])
    if "contact" in told:
        told["contact_id"] = names(told.pop("contact"))
    who = {} if customer is None else {"customer_id": names(customer)}
    return {**who, **{name: value for name, value in told.items() if value is not None}}


def _timed(said: Mapping[str, Any], name: str, now: datetime) -> Fact:
    """The same with its time: given, relative (`ago`), or now."""
    told = dict(said)
    ago = told.pop("ago", None)
    told.setdefault(name, (now if ago is None else now - parse_duration(ago)).isoformat())
    return told


def _points(names: ScenarioNames, said: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> list[Fact]:
    """Contact points from `name: channel`, or from `name: {channel: ..., and more}`."""
    if not isinstance(said, Mapping):
        return [{**statement, "contact_point": names(statement["contact_point"])} for statement in said]
    entries = {name: {"channel": one} if isinstance(one, str) else dict(one) for name, one in said.items()}
    return [{"contact_point": names(name), **one} for name, one in entries.items()]
