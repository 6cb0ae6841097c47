"""Schema errors as messages that the owner of a rule can act on."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from heed.guardrails.policy.policy_model import AnyRule, Policy
from heed.guardrails.policy_errors import Fault
from heed.guardrails.source_map import Path, SourceMap

# Remedies for fields that an example alone would not explain.
_REMEDIES = {
    "window": "write how far back contacts count, such as `window: 7d` or `window: 24h`",
    "limit": "write how many contacts the window may hold, such as `limit: 2`",
    "owner": "write who is responsible for the rule, such as `owner: crm-team`",
    "purpose": "write in one sentence why the rule exists",
    "id": "write lower-case words joined by hyphens, such as `id: email-weekly-cap`",
    "act_at_least": "write a share from 0 to 1, such as `act_at_least: 0.6`",
    "delta": "write how often the certificate may be wrong, such as `delta: 0.1`",
}
_MESSAGES = {
    "int_type": "value is not a whole number",
    "float_type": "value is not a number",
    "bool_type": "value is neither true nor false",
    "string_type": "value is not text",
    "tuple_type": "value is not a list",
    "mapping_type": "value is not a mapping",
    "model_type": "value is not a mapping",
    "model_attributes_type": "value is not a mapping",
    "enum": "unknown value",
    "literal_error": "unknown value",
    "too_short": "list is empty",
    "string_too_short": "text is empty",
    "string_too_long": "text is too long",
    "string_pattern_mismatch": "value has the wrong format",
    "timezone_aware": "time has no offset from UTC",
    "datetime_parsing": "value is not a date and time",
    "datetime_from_date_parsing": "value is not a date and time",
    "datetime_object_invalid": "value is not a date and time",
    "datetime_type": "value is not a date and time",
    "finite_number": "value is not finite",
}
_BOUNDS = {
    "greater_than_equal": "value is below {ge:g}",
    "less_than_equal": "value is above {le:g}",
    "greater_than": "value is not above {gt:g}",
    "less_than": "value is not below {lt:g}",
}


def rule_kinds() -> Mapping[str, type[BaseModel]]:
    """The kinds of rule, by their name in a policy file."""
    union = get_args(AnyRule)[0]
    return {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(union)}


def to_fault(document: SourceMap, error: ErrorDetails) -> Fault:
    """One schema error as a fault of the document."""
    path = tuple(step for place, step in enumerate(error["loc"]) if not _is_tag(error["loc"], place))
    kind = error["type"]
    if kind == "extra_forbidden":
        return document.fault("unknown field", path, remedy=_nearest(str(path[-1]), _siblings(document, path)))
    if kind == "missing":
        return document.fault("missing field", path, remedy=_remedy(document, path))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _wrong_kind(document, path)
    return document.fault(_message(error), path, value=_shown(document, path), remedy=_remedy_of(document, path, error))


def repeats_other_error(document: SourceMap, error: ErrorDetails) -> bool:
    """Whether an error only repeats others: pydantic reports a list as too short when all its items are invalid."""
    path = tuple(step for place, step in enumerate(error["loc"]) if not _is_tag(error["loc"], place))
    return error["type"] == "too_short" and bool(document.at(path))


def _is_tag(loc: tuple[int | str, ...], place: int) -> bool:
    return place == 2 and loc[0] == "rules" and loc[2] in rule_kinds()


def _wrong_kind(document: SourceMap, path: Path) -> Fault:
    kinds = list(rule_kinds())
    rule = document.at(path)
    if not isinstance(rule, dict):
        return document.fault("rule is not a mapping", path, remedy="begin each rule with `- id: ...`")
    if "kind" not in rule:
        return document.fault("missing field", (*path, "kind"), remedy=f"write one of {', '.join(kinds)}")
    kind = str(rule["kind"])
    return document.fault("unknown kind of rule", (*path, "kind"), value=kind, remedy=_nearest(kind, kinds))


def _message(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] in _BOUNDS:
        return _BOUNDS[error["type"]].format(**error["ctx"])
    return _MESSAGES.get(error["type"], error["msg"])


def _shown(document: SourceMap, path: Path) -> object:
    value = document.at(path)
    if isinstance(value, dict | list):
        return None
    return str(value).lower() if isinstance(value, bool) else value


def _remedy_of(document: SourceMap, path: Path, error: ErrorDetails) -> str | None:
    if error["type"] in ("enum", "literal_error"):
        names = [name.strip(" '") for name in error["ctx"]["expected"].replace(" or ", ",").split(",")]
        near = get_close_matches(str(document.at(path)), names, n=1, cutoff=0.6)
        return f"did you mean `{near[0]}`?" if near else f"write one of {', '.join(names)}"
    if error["type"] == "tuple_type":
        return f"write a list, such as `{path[-1]}: [{document.at(path)}]`"
    return _remedy(document, path)


def _remedy(document: SourceMap, path: Path) -> str | None:
    if len(path) == 2 and path[0] == "rules":
        return None  # an error between fields of a rule names them itself
    while path and isinstance(path[-1], int):
        path = path[:-1]
    name = str(path[-1]) if path else ""
    if name in _REMEDIES and path[0] == "rules":
        return _REMEDIES[name]
    example = _example(document, path)
    return None if example is None else f"write it as in `{name}: {example}`"


def _example(document: SourceMap, path: Path) -> str | None:
    model = _model_at(document, path[:-1])
    fields = {} if model is None else {field.alias or name: field for name, field in model.model_fields.items()}
    field = fields.get(str(path[-1])) if path else None
    return str(field.examples[0]) if field is not None and field.examples else None


def _siblings(document: SourceMap, path: Path) -> list[str]:
    model = _model_at(document, path[:-1])
    return [] if model is None else [field.alias or name for name, field in model.model_fields.items()]


def _model_at(document: SourceMap, path: Path) -> type[BaseModel] | None:
    """The model of the mapping at a path, None where there is none."""
    model: type[BaseModel] | None = Policy
    keyed = False
    for place, step in enumerate(path):
        if place == 1 and path[0] == "rules":
            model = rule_kinds().get(str(document.at((*path[:2], "kind"))))
        elif keyed:
            keyed = False
        elif isinstance(step, str) and model is not None and step != "rules":
            annotation = next((f.annotation for n, f in model.model_fields.items() if (f.alias or n) == step), None)
            model, keyed = _model_in(annotation), _is_keyed(annotation)
    return model


def _is_keyed(annotation: Any) -> bool:
    """Whether a type is a mapping or an optional one: the next step is then a key, not a field."""
    return get_origin(annotation) is Mapping or any(
        get_origin(argument) is Mapping for argument in get_args(annotation)
    )


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model in a type, also inside optionals and tuples."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner: Iterable[type[BaseModel] | None] = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in inner if model is not None), None)


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else f"write one of {', '.join(names)}"
