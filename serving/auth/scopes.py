"""Scopes, and the roles that consist of them."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from heed.decisioning.errors import InvalidInput


class Scope(StrEnum):
    """What a route may require. Scopes that end in ``read`` change nothing."""

    DECIDE = "decisions:make"
    DECISIONS = "decisions:read"
    SCORE = "scores:read"
    FACTS = "facts:write"
    CUSTOMERS = "customers:read"
    EXPORT = "export:read"
    ERASE = "customers:erase"
    OUTBOX = "outbox:work"
    REVIEWS = "reviews:read"
    SETTLE = "reviews:settle"
    POLICY = "policy:read"
    CHANGE_POLICY = "policy:write"
    KEYS = "keys:read"
    CHANGE_KEYS = "keys:write"
    STOPS = "stop:read"
    STOP = "stop:write"
    OPERATIONS = "operations:read"
    LEDGER = "ledger:read"


class Role(StrEnum):
    """What a key is for."""

    SERVICE = "service"
    REVIEWER = "reviewer"
    POLICY_ADMIN = "policy-admin"
    AUDITOR = "auditor"


_WRITES = frozenset(
    {Scope.DECIDE, Scope.FACTS, Scope.ERASE, Scope.OUTBOX, Scope.SETTLE}
    | {Scope.CHANGE_POLICY, Scope.CHANGE_KEYS, Scope.STOP}
)
READ_SCOPES = frozenset(Scope) - _WRITES

ROLES: Mapping[Role, frozenset[Scope]] = {
    Role.SERVICE: frozenset({Scope.DECIDE, Scope.SCORE, Scope.FACTS, Scope.OUTBOX}),
    Role.REVIEWER: frozenset({Scope.REVIEWS, Scope.SETTLE, Scope.DECISIONS, Scope.CUSTOMERS}),
    Role.POLICY_ADMIN: READ_SCOPES | {Scope.CHANGE_POLICY, Scope.CHANGE_KEYS, Scope.STOP, Scope.ERASE},
    Role.AUDITOR: READ_SCOPES,
}

# What anyone on this machine may do while there are no keys: all but create keys, so that no other user of the
# machine creates the first one.
KEYLESS_SCOPES = frozenset(Scope) - {Scope.CHANGE_KEYS}


def narrow_scopes(role: Role, requested: Iterable[str]) -> frozenset[Scope]:
    """The scopes of a role, or the requested subset.

    Raises
    ------
    InvalidInput
        If a requested scope is not in the role.
    """
    scopes = tuple(requested)
    allowed = ROLES[role]
    unknown = next((scope for scope in scopes if scope not in allowed), None)
    if unknown is not None:
        remedy = f"the role {role} has {', '.join(sorted(allowed))}"
        raise InvalidInput("scope is not in this role", field="scopes", value=unknown, remedy=remedy)
    return frozenset(map(Scope, scopes)) or allowed
