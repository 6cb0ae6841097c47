"""The variables of conditions: their types and where their values come from."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.guardrails.conditions.cel import CelType, Condition, coerce, is_variable

Reader = Callable[[Facts, Action], Scalar]

# Variables of every action and customer, beside their own attributes.
BUILT_IN: Mapping[str, tuple[CelType, Reader]] = {
    "action.id": (CelType.STRING, lambda _, action: action.action_id),
    "action.channel": (CelType.STRING, lambda _, action: action.channel),
    "action.purpose": (CelType.STRING, lambda _, action: action.purpose),
    "action.category": (CelType.STRING, lambda _, action: action.category),
    "action.message_class": (CelType.STRING, lambda _, action: action.message_class.value),
    "action.value": (CelType.FLOAT, lambda _, action: action.value),
    "action.cost": (CelType.FLOAT, lambda _, action: action.cost),
    "customer.jurisdiction": (CelType.STRING, lambda facts, _: facts.customer.jurisdiction),
}
_ATTRIBUTES: Mapping[str, Callable[[str], Reader]] = {
    "action": lambda name: lambda _, action: action.attributes.get(name),
    "context": lambda name: lambda facts, _: facts.context.get(name),
    "customer": lambda name: lambda facts, _: facts.customer.attributes.get(name),
}
# Engagement data has three types; its numbers are floats.
_DATA_TYPES = {"number": CelType.FLOAT, "boolean": CelType.BOOL, "text": CelType.STRING}


def declared_types(
    context: Mapping[str, CelType], attribute_types: Mapping[str, str], actions: Iterable[Action]
) -> dict[str, CelType]:
    """All variables with their types. The policy's declarations override those found in the data.

    Parameters
    ----------
    context : mapping of str to CelType
        Declarations of the policy, by dotted name.
    attribute_types : mapping of str to str
        Customer attributes in the data, by name: ``number``, ``boolean``, ``text`` or a CEL type.
    actions : iterable of Action
        Their attributes are declared where all values have one type.
    """
    customer = {f"customer.{name}": _DATA_TYPES.get(kind) or CelType(kind) for name, kind in attribute_types.items()}
    types = {
        **_action_attributes(actions),
        **customer,
        **context,
        **{name: kind for name, (kind, _) in BUILT_IN.items()},
    }
    return {name: kind for name, kind in sorted(types.items()) if is_variable(name)}


def variable_values(condition: Condition, facts: Facts, action: Action) -> dict[str, Scalar]:
    """Values of the condition's variables, without the unknown ones."""
    read: dict[str, Scalar] = {}
    for name, kind in condition.variables.items():
        value = coerce(_reader(name)(facts, action), kind)
        if value is not None:
            read[name] = value
    return read


def variable_value(name: str, facts: Facts, action: Action) -> Scalar:
    """The value of a dotted name, None where unknown."""
    return _reader(name)(facts, action)


@lru_cache(maxsize=4096)
def _reader(name: str) -> Reader:
    """The reader of a name. Names are those that policies declare, so there are few."""
    if name in BUILT_IN:
        return BUILT_IN[name][1]
    source, _, attribute = name.partition(".")
    return _ATTRIBUTES[source](attribute)


def depends_on_action(condition: Condition) -> bool:
    """Whether the condition may differ between actions."""
    return any(name.startswith("action.") for name in condition.variables)


def depends_on_customer(condition: Condition) -> bool:
    """Whether the condition may differ between customers or moments."""
    return any(not name.startswith("action.") for name in condition.variables)


def _action_attributes(actions: Iterable[Action]) -> dict[str, CelType]:
    seen: dict[str, set[CelType]] = {}
    for action in actions:
        for name, value in action.attributes.items():
            if value is not None:
                seen.setdefault(f"action.{name}", set()).add(_type_of(value))
    return {name: next(iter(kinds)) for name, kinds in seen.items() if len(kinds) == 1}


def _type_of(value: Scalar) -> CelType:
    if isinstance(value, bool):
        return CelType.BOOL
    return CelType.STRING if isinstance(value, str) else CelType.FLOAT
