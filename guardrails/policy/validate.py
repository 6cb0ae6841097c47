"""Validate a policy against a catalogue: unknown names and invalid conditions."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from heed.decisioning.catalogue import Catalogue
from heed.guardrails.conditions.cel import Condition, ConditionLanguage, InvalidCondition
from heed.guardrails.conditions.cel_env import declared_types
from heed.guardrails.policy.load import LoadedPolicy
from heed.guardrails.policy_errors import Fault, InvalidPolicy
from heed.guardrails.rule_scope import Selection
from heed.guardrails.rules.condition import ConditionRule
from heed.guardrails.source_map import Path

CATALOGUE = "catalogue"


def check_conditions(
    loaded: LoadedPolicy, catalogue: Catalogue, attribute_types: Mapping[str, str]
) -> dict[str, Condition]:
    """Every condition of policy and catalogue by its text, once the policy fits the catalogue.

    Raises
    ------
    InvalidPolicy
        If the policy uses names that the catalogue does not have, or a condition is invalid.
    """
    language = ConditionLanguage(declared_types(loaded.policy.context, attribute_types, catalogue.actions))
    written = [*_rule_conditions(loaded), *_action_conditions(catalogue)]
    conditions: dict[str, Condition] = {}
    faults = [*catalogue_faults(loaded, catalogue), *attribute_faults(loaded, language.variables)]
    for text, place in written:
        try:
            conditions[text] = language.condition(text)
        except InvalidCondition as error:
            faults.append(_misread(loaded, place, text, error))
    if faults:
        raise InvalidPolicy(sorted(faults, key=lambda fault: fault.line or 0))
    return conditions


def catalogue_faults(loaded: LoadedPolicy, catalogue: Catalogue) -> Iterator[Fault]:
    """Names in scopes, levers and ceilings that are neither in the catalogue nor in the policy's vocabulary."""
    policy, document = loaded.policy, loaded.document
    if policy.currency is not None and policy.currency != catalogue.currency:
        remedy = f"the catalogue is in {catalogue.currency}: convert the amounts, or leave the field out"
        yield document.fault(
            "currency differs from the catalogue's", ("currency",), value=policy.currency, remedy=remedy
        )
    known = _known(loaded, catalogue)
    for place, rule in enumerate(policy.rules):
        for path, selection in rule.selections():
            yield from _unknown_in(loaded, selection, ("rules", place, *path), known)
    for path, named in ((("terms", "levers"), policy.terms.levers), (("autonomy", "actions"), policy.autonomy.actions)):
        for name in named:
            if name not in known["actions"]:
                yield _unknown(loaded, "action", name, (*path, name), known["actions"])


def attribute_faults(loaded: LoadedPolicy, variables: Collection[str]) -> Iterator[Fault]:
    """Undeclared customer attributes in rules. A misspelt one would never be found."""
    attributes = [name.removeprefix("customer.") for name in variables if name.startswith("customer.")]
    for place, rule in enumerate(loaded.policy.rules):
        for path, name in rule.attributes_named():
            if name not in attributes:
                near = get_close_matches(name, attributes, n=1, cutoff=0.6)
                declare = f"declare it under `context`, as in `customer.{name}: bool`"
                hint = f"did you mean `{near[0]}`?" if near else declare
                yield loaded.document.fault("unknown attribute", ("rules", place, *path), value=name, remedy=hint)


def _known(loaded: LoadedPolicy, catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    words = loaded.policy.vocabulary
    actions = catalogue.actions
    return {
        "channels": _distinct((action.channel for action in actions), words.channels),
        "purposes": _distinct((action.purpose for action in actions), words.purposes),
        "categories": _distinct((action.category for action in actions), words.categories),
        "actions": _distinct((action.action_id for action in actions), ()),
    }


def _distinct(own: Iterable[str], further: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*own, *further}))


def _unknown_in(
    loaded: LoadedPolicy, selection: Selection, path: Path, known: Mapping[str, tuple[str, ...]]
) -> Iterator[Fault]:
    for field, singular in (
        ("channels", "channel"),
        ("purposes", "purpose"),
        ("categories", "category"),
        ("actions", "action"),
    ):
        for place, name in enumerate(getattr(selection, field) or ()):
            if name not in known[field]:
                yield _unknown(loaded, singular, name, (*path, field, place), known[field])


def _unknown(loaded: LoadedPolicy, what: str, name: str, path: Path, known: tuple[str, ...]) -> Fault:
    near = get_close_matches(name, known, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else f"use one of {', '.join(known)}"
    return loaded.document.fault(f"unknown {what}", path, value=name, remedy=hint)


def _rule_conditions(loaded: LoadedPolicy) -> list[tuple[str, Path | str]]:
    return [
        (rule.written[1], ("rules", place, rule.written[0]))
        for place, rule in enumerate(loaded.policy.rules)
        if isinstance(rule, ConditionRule)
    ]


def _action_conditions(catalogue: Catalogue) -> list[tuple[str, Path | str]]:
    return [(action.eligibility, action.action_id) for action in catalogue.actions if action.eligibility is not None]


def _misread(loaded: LoadedPolicy, place: Path | str, text: str, error: InvalidCondition) -> Fault:
    detail = error.detail or f"    {text}"
    if isinstance(place, str):
        field = f"actions.{place}.eligibility"
        return Fault(CATALOGUE, error.message, field=field, remedy=error.remedy, detail=detail)
    return loaded.document.fault(error.message, place, remedy=error.remedy, detail=detail)
