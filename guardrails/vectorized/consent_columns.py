"""Consent over columns, with the verdicts of :mod:`heed.guardrails.rules.consent`.

The statement that applies to a contact point is the latest of those about it or its whole channel; of statements made
at the same moment a withdrawal, and of equals the first. The weight of a statement expresses that order as one number.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Consent, ConsentStatus, microseconds
from heed.decisioning.normalize import normalize_name
from heed.guardrails.rules.consent import ConsentRule, relevant_statements
from heed.guardrails.vectorized.consent_kernel import has_consent
from heed.guardrails.vectorized.customer_batch import CustomerBatch
from heed.guardrails.vectorized.history_arrays import FOREVER
from heed.guardrails.vectorized.integer_codes import Flags
from heed.guardrails.vectorized.verdict_columns import ALLOW, SUPPRESS, VerdictColumn

T = TypeVar("T")


def consent_verdicts(rule: ConsentRule, action: Action, population: CustomerBatch) -> VerdictColumn:
    """Allow where the rule accepts at least one contact point of the channel."""
    if not rule.required:
        return VerdictColumn.of(np.full(len(population), ALLOW, dtype=np.int8))
    consents, points = population.permissions.consents, population.permissions.points
    allowed = has_consent(
        (points.first, points.point, points.channel),
        _each(points.channels, lambda channel: channel == action.channel),
        (consents.first, consents.at, consents.until, consents.point, consents.kind),
        _each(consents.kinds, lambda kind: _concerns(rule, kind, action, population.now)),
        _each(consents.kinds, lambda kind: kind.status == ConsentStatus.WITHDRAWN),
        np.array([_longest(rule, kind) for kind in consents.kinds], dtype=np.int64),
        microseconds(population.now),
        action.channel in rule.addressless,
        rule.permissive,
    )
    return VerdictColumn.of(np.where(allowed, ALLOW, SUPPRESS).astype(np.int8))


def _each(kinds: Sequence[T], holds: Callable[[T], bool]) -> Flags:
    return np.array([holds(kind) for kind in kinds], dtype=np.bool_)


def _concerns(rule: ConsentRule, kind: Consent, action: Action, now: datetime) -> bool:
    """Whether a statement of this kind counts for the action; dates of grants are checked elsewhere."""
    made = replace(kind, recorded_at=now)
    about = relevant_statements([made], action.channel, action.purpose, now, action.topic)
    taken = rule.bases is None or kind.status == ConsentStatus.WITHDRAWN or _basis(kind) in rule.bases
    return bool(about) and taken


def _longest(rule: ConsentRule, kind: Consent) -> int:
    """Longest validity of a grant of this kind, in microseconds."""
    longest = rule.expires_after.get(_basis(kind) or "")
    return FOREVER if longest is None else longest // timedelta(microseconds=1)


def _basis(kind: Consent) -> str | None:
    return None if kind.basis is None else normalize_name(kind.basis)
