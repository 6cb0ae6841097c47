"""Consent over columns, with the verdicts of :mod:`guardrails.rules.consent`.

What stands for a contact point is the latest statement among those about it and those about its whole channel; of
statements of one moment a withdrawal, and of equals the first. The weight of a statement puts that into one number.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from decisioning.catalogue import Action
from decisioning.customer import Consent, ConsentStatus, microseconds
from decisioning.naming import normal
from guardrails.columns.coding import Flags
from guardrails.columns.histories import FOREVER, WHOLE_CHANNEL, Consents
from guardrails.columns.population import Population
from guardrails.columns.said import ALLOW, SUPPRESS, Said
from guardrails.rules.consent import ConsentRule, concerning

Whole = NDArray[np.int64]
T = TypeVar("T", bound=np.generic)
_NOTHING = -1


@dataclass(frozen=True)
class _Statements:
    """The statements that count for a channel and purpose, by customer and contact point, the weightiest last."""

    owner: Whole
    point: Whole
    weight: Whole
    place: Whole
    withdrawn: Flags
    live: Flags

    def only(self, places: NDArray[np.intp]) -> "_Statements":
        """Those in these places, in their order."""
        return _Statements(*(getattr(self, name)[places] for name in self.__dataclass_fields__))


def consented(rule: ConsentRule, action: Action, population: Population) -> Said:
    """Allow where the rule is content with one contact point of the channel at least."""
    customers = len(population)
    if not rule.required:
        return Said.of(np.full(customers, ALLOW, dtype=np.int8))
    said = _statements(rule, action, population)
    owner, point = _points(action.channel, population)
    allowed = np.zeros(customers, dtype=np.bool_)
    stands = _standing(said, owner, point, population.permissions.codes)
    allowed[owner[_suffices(rule, said, stands)]] = True
    if action.channel in rule.addressless:
        without = np.ones(customers, dtype=np.bool_)
        without[owner] = False
        pointless, latest = _without_point(said, customers)
        allowed |= without & _suffices(rule, pointless, latest)
    return Said.of(np.where(allowed, ALLOW, SUPPRESS).astype(np.int8))


def _statements(rule: ConsentRule, action: Action, population: Population) -> _Statements:
    consents, now = population.permissions.consents, microseconds(population.now)
    withdrawn = _of_kinds(consents, lambda one: one.status == ConsentStatus.WITHDRAWN)
    about = _of_kinds(consents, lambda one: _concerns(rule, one, action, population.now))
    counts = np.flatnonzero(about & (withdrawn | (consents.at <= now)))
    no, at = withdrawn[counts], consents.at[counts]
    longest = np.array([_longest(rule, one) for one in consents.kinds] or [0], dtype=np.int64)
    until = np.minimum(consents.until[counts], at + longest[consents.kind[counts]])
    owner, point = consents.owner[counts].astype(np.int64), consents.point[counts].astype(np.int64)
    weight = 2 * at + no
    order = np.lexsort((-counts, weight, point, owner))
    said = _Statements(owner, point, weight, counts, no, ~no & (now < until))
    return said.only(order)


def _of_kinds(consents: Consents, holds: Callable[[Consent], bool]) -> Flags:
    """Whether something holds of each statement that holds of its kind."""
    kinds = np.array([holds(one) for one in consents.kinds] or [False], dtype=np.bool_)
    flags: Flags = kinds[consents.kind]
    return flags


def _concerns(rule: ConsentRule, kind: Consent, action: Action, now: datetime) -> bool:
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


def _suffices(rule: ConsentRule, said: _Statements, stands: Whole) -> Flags:
    """Whether the rule is content where these statements stand; `_NOTHING` where none does."""
    silent: Flags = stands == _NOTHING
    content: Flags = silent | ~_at(said.withdrawn, stands) if rule.permissive else ~silent & _at(said.live, stands)
    return content


def _points(channel: str, population: Population) -> tuple[Whole, Whole]:
    points = population.permissions.points
    own = np.array([one == channel for one in points.channels], dtype=np.bool_)
    mine = np.flatnonzero(own[points.channel]) if len(own) else np.zeros(0, dtype=np.intp)
    return points.owner[mine].astype(np.int64), points.point[mine].astype(np.int64)


def _standing(said: _Statements, owner: Whole, point: Whole, codes: int) -> Whole:
    """The statement that stands for each contact point, by its place; `_NOTHING` where there is none."""
    key = said.owner * codes + said.point
    exact = _last(key, owner * codes + point)
    whole = _last(key, owner * codes + WHOLE_CHANNEL)
    return np.where(_heavier(said, whole, exact), whole, exact)


def _heavier(said: _Statements, one: Whole, other: Whole) -> Flags:
    """Whether the first of two statements stands against the second; nothing is lighter than anything."""
    lighter, heavier = _at(said.weight, other), _at(said.weight, one)
    sooner = _at(said.place, one) < _at(said.place, other)
    wins: Flags = (heavier > lighter) | ((heavier == lighter) & sooner)
    stands: Flags = (one != _NOTHING) & ((other == _NOTHING) | wins)
    return stands


def _without_point(said: _Statements, customers: int) -> tuple[_Statements, Whole]:
    """What stands for the channel where no contact point is known: a withdrawal for one is then for all."""
    heard = said.only(np.flatnonzero((said.point == WHOLE_CHANNEL) | said.withdrawn))
    sorted_ = heard.only(np.lexsort((-heard.place, heard.weight, heard.owner)))
    return sorted_, _last(sorted_.owner, np.arange(customers, dtype=np.int64))


def _last(keys: Whole, wanted: Whole) -> Whole:
    """Place of the last of each wanted key among sorted keys, `_NOTHING` where there is none."""
    place = np.searchsorted(keys, wanted, side="right") - 1
    found = (place >= 0) & (_at(keys, place) == wanted)
    return np.where(found, place, _NOTHING)


def _at(values: NDArray[T], places: Whole) -> NDArray[T]:
    """Values at places; where there are no values at all, zeros."""
    return values[places] if len(values) else np.zeros(len(places), dtype=values.dtype)
