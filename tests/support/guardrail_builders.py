"""Builders for the facts, policies and guards of rule tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.customer import Consent, ConsentStatus, Contact, ContactPoint, Customer, Facts
from heed.decisioning.verdict import Verdict
from heed.guardrails.guard import PolicyGuard, bind_policy
from heed.guardrails.policy.load import parse_policy, policy_from_data

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CONSENT_RULE: dict[str, Any] = {"id": "consent", "purpose": "Ask first.", "owner": "dpo", "kind": "consent"}


def action(action_id: str = "email_a", channel: str = "email", **fields: Any) -> Action:
    usual = {"purpose": "marketing", "category": "loyalty", "value": 10.0, "outcome": "conversion", "window_days": 7.0}
    return Action(action_id, channel, **{**usual, **fields})


def granted(
    channel: str = "email", purpose: str = "marketing", at: datetime = NOW - 30 * DAY, **fields: Any
) -> Consent:
    return Consent(channel, purpose, ConsentStatus.GRANTED, at, **fields)


def withdrawn(channel: str = "email", purpose: str = "marketing", at: datetime = NOW - DAY, **fields: Any) -> Consent:
    return Consent(channel, purpose, ConsentStatus.WITHDRAWN, at, **fields)


def contact(ago: timedelta, channel: str = "email", now: datetime = NOW, **fields: Any) -> Contact:
    usual = {"action_id": "email_a", "purpose": "marketing", "category": "loyalty"}
    return Contact(channel=channel, at=now - ago, **{**usual, **fields})


def facts(now: datetime = NOW, context: Mapping[str, Any] | None = None, **customer: Any) -> Facts:
    usual = {"customer_id": "c1", "time_zone": "Europe/Berlin", "contact_points": (ContactPoint("mail-1", "email"),)}
    return Facts(Customer(**{**usual, "consents": (granted(),), **customer}), now, context or {})


def rule(kind: str, rule_id: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": rule_id or kind.replace("_", "-"), "purpose": "Because.", "owner": "crm", "kind": kind, **fields}


def policy(*rules: Mapping[str, Any], **top: Any) -> dict[str, Any]:
    return {"version": 1, "name": "test", **top, "rules": [dict(one) for one in rules]}


def guard(*rules: Mapping[str, Any], actions: tuple[Action, ...] = (), types: Mapping[str, str] | None = None,
          **top: Any) -> PolicyGuard:  # fmt: skip
    catalogue = Catalogue("EUR", actions or (action(),))
    return bind_policy(policy_from_data(policy(*rules, **top)), catalogue, types)


def loaded_text(text: str, *actions: Action) -> PolicyGuard:
    return bind_policy(parse_policy(text, source="policy.yaml"), Catalogue("EUR", actions or (action(),)))


def verdict_of(one: PolicyGuard, known: Facts, about: Action, rule_id: str) -> Verdict:
    (verdicts,) = one.verdicts(known, [about])
    return next(verdict for verdict in verdicts if verdict.rule == rule_id)
