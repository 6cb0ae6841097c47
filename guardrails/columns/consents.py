"""Consent over columns, with the verdicts of :mod:`guardrails.rules.consent`.

What stands for a contact point is the latest statement among those about it and those about its whole channel; of
statements of one moment a withdrawal, and of equals the first. The weight of a statement puts that into one number.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from decisioning.catalogue import Action
from decisioning.customer import Consent, ConsentStatus, microseconds
from decisioning.naming import normal
from guardrails.columns.coding import Flags
from guardrails.columns.histories import FOREVER
from guardrails.columns.population import Population
from guardrails.columns.said import ALLOW, SUPPRESS, Said
from guardrails.columns.standing import content
from guardrails.rules.consent import ConsentRule, concerning

T = TypeVar("T")


def consented(rule: ConsentRule, action: Action, population: Population) -> Said:
    """Allow where the rule is content with one contact point of the channel at least."""
    if not rule.required:
        return Said.of(np.full(len(population), ALLOW, dtype=np.int8))
    consents, points = population.permissions.consents, population.permissions.points
    allowed = content(
        (points.first, points.point, points.channel),
        _each(points.channels, lambda one: one == action.channel),
        (consents.first, consents.at, consents.until, consents.point, consents.kind),
        _each(consents.kinds, lambda one: _concerns(rule, one, action, population.now)),
        _each(consents.kinds, lambda one: one.status == ConsentStatus.WITHDRAWN),
        np.array([_longest(rule, one) for one in consents.kinds], dtype=np.int64),
        microseconds(population.now),
        action.channel in rule.addressless,
        rule.permissive,
    )
    return Said.of(np.where(allowed, ALLOW, SUPPRESS).astype(np.int8))


def _each(kinds: Sequence[T], holds: Callable[[T], bool]) -> Flags:
    return np.array([holds(one) for one in kinds], dtype=np.bool_)


def _concerns(rule: ConsentRule, kind: Consent, action: Action, now: datetime) -> bool:
    """Whether a statement of this kind counts for the action; all but for a grant dated ahead."""
    made = replace(kind, recorded_at=now)
    about = concerning([made], action.channel, action.purpose, now, action.topic)
    taken = rule.bases is None or kind.status == ConsentStatus.WITHDRAWN or _basis(kind) in rule.bases
    return bool(about) and taken


def _longest(rule: ConsentRule, kind: Consent) -> int:
    """How long a grant of this kind holds at the longest, in microseconds."""
    longest = rule.expires_after.get(_basis(kind) or "")
    return FOREVER if longest is None else longest // timedelta(microseconds=1)


def _basis(kind: Consent) -> str | None:
    return None if kind.basis is None else normal(kind.basis)
