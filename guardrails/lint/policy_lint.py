"""Run all static checks of a policy."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from heed.decisioning.catalogue import Catalogue
from heed.guardrails.lint.citations import check_citations
from heed.guardrails.lint.constant_conditions import check_constant_conditions
from heed.guardrails.lint.endless_quiet_hours import check_endless_quiet_hours
from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.idle_caps import check_idle_caps
from heed.guardrails.lint.lint_context import LintContext
from heed.guardrails.lint.missing_consent import check_missing_consent
from heed.guardrails.lint.redundant_rules import check_redundant_rules
from heed.guardrails.lint.rule_dates import check_rule_dates
from heed.guardrails.lint.unreachable_actions import check_empty_scopes, check_unreachable_actions
from heed.guardrails.packs.pack import available_packs, load_pack
from heed.guardrails.policy.load import LoadedPolicy
from heed.guardrails.policy.validate import check_conditions

CHECKS: tuple[Callable[[LintContext], Iterator[Finding]], ...] = (
    check_rule_dates,
    check_empty_scopes,
    check_unreachable_actions,
    check_missing_consent,
    check_endless_quiet_hours,
    check_redundant_rules,
    check_idle_caps,
    check_constant_conditions,
)


def lint_policy(
    loaded: LoadedPolicy, catalogue: Catalogue, attribute_types: Mapping[str, str] | None = None, *, as_of: datetime
) -> tuple[Finding, ...]:
    """Findings of all checks by line; those without a line come last.

    Rules of packs are compared with the policy's own but not reported themselves: the owner cannot change them, and a
    policy that is stricter than the law makes them idle. Their unconfirmed citations are reported.

    Raises
    ------
    InvalidPolicy
        If the policy does not fit the catalogue; it lists all faults.
    """
    context = LintContext(loaded, catalogue, check_conditions(loaded, catalogue, attribute_types or {}), as_of)
    pack_rules = _of_packs()
    findings = {finding: None for check in CHECKS for finding in check(context) if finding.rule not in pack_rules}
    findings.update(dict.fromkeys(check_citations(context)))
    return tuple(sorted(findings, key=lambda finding: finding.line if finding.line is not None else 10**9))


def _of_packs() -> frozenset[str]:
    """Ids of the rules of all packs."""
    return frozenset(str(rule["id"]) for name in available_packs() for rule in load_pack(name).rules)
