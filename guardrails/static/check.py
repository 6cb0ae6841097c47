"""All checks of a policy, in the order in which its owner reads the file."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from decisioning.catalogue import Catalogue
from guardrails.checking import checked_conditions
from guardrails.loading import LoadedPolicy
from guardrails.packs.reading import available, pack
from guardrails.static.caps import never_reached
from guardrails.static.citations import unconfirmed
from guardrails.static.conditions import constant
from guardrails.static.dates import dated
from guardrails.static.finding import Finding
from guardrails.static.ground import Ground
from guardrails.static.permission import permitted
from guardrails.static.reach import empty_scopes, unreachable
from guardrails.static.shadows import shadowed
from guardrails.static.timing import endless

CHECKS: tuple[Callable[[Ground], Iterator[Finding]], ...] = (
    dated,
    empty_scopes,
    unreachable,
    permitted,
    endless,
    shadowed,
    never_reached,
    constant,
)


def findings(
    loaded: LoadedPolicy, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None, *, as_of: datetime
) -> tuple[Finding, ...]:
    """What all checks find, by line; what is about no line of the policy comes last.

    Rules of packs are held against the policy's own and are not found fault with: the owner of a policy cannot change
    them, and a policy that is stricter than the law makes them idle. What is not confirmed of them is told.

    Raises
    ------
    InvalidPolicy
        If the policy does not fit the catalogue; all faults are named.
    """
    ground = Ground(loaded, catalogue, checked_conditions(loaded, catalogue, attribute_types or {}), as_of)
    law = _of_packs()
    found = {one: None for check in CHECKS for one in check(ground) if one.rule not in law}
    found.update(dict.fromkeys(unconfirmed(ground)))
    return tuple(sorted(found, key=lambda one: one.line if one.line is not None else 10**9))


def _of_packs() -> frozenset[str]:
    """Ids of the rules of all packs."""
    return frozenset(str(rule["id"]) for name in available() for rule in pack(name).rules)
