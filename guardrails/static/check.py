"""All checks of a policy, in the order in which its owner reads the file."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from decisioning.catalogue import Catalogue
from guardrails.checking import checked_conditions
from guardrails.loading import LoadedPolicy
from guardrails.static.caps import never_reached
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

    Raises
    ------
    InvalidPolicy
        If the policy does not fit the catalogue; all faults are named.
    """
    ground = Ground(loaded, catalogue, checked_conditions(loaded, catalogue, attribute_types or {}), as_of)
    found = {one: None for check in CHECKS for one in check(ground)}
    return tuple(sorted(found, key=lambda one: one.line if one.line is not None else 10**9))
