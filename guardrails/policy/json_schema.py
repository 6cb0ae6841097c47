"""The JSON Schema of policy files, for completion, descriptions and validation in editors.

It is generated from the policy models, so it has every field, choice and pattern. Constraints between fields or against
a catalogue are checked by `heed policy check`. With the Red Hat YAML language server, make
``# yaml-language-server: $schema=policy.schema.json`` the first line of a policy.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel

from heed.guardrails.policy.error_messages import rule_kinds
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.source_map import PlainData
from heed.guardrails.yaml_positions import read_yaml

DRAFT = "https://json-schema.org/draft/2020-12/schema"
# One entry of a docstring's Attributes section: names with a type, then indented text.
_ENTRY = re.compile(r"^(?P<names>\w+(?:, \w+)*) : .*\n(?P<text>(?:[ \t]+\S.*\n?)+)", re.MULTILINE)


def policy_schema() -> dict[str, Any]:
    """The schema as plain data, draft 2020-12."""
    schema = Policy.model_json_schema(by_alias=True)
    for model in _models():
        own = schema if model is Policy else schema.get("$defs", {}).get(model.__name__)
        if own is not None:
            _describe(own, model)
    _clean(schema)
    return {"$schema": DRAFT, **schema, "title": "heed policy"}


def _models() -> Iterator[type[BaseModel]]:
    """The policy model and all models inside it."""
    waiting: list[type[BaseModel]] = [Policy, *rule_kinds().values()]
    seen: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop()
        if model not in seen:
            seen.add(model)
            waiting.extend(inner for field in model.model_fields.values() for inner in _models_in(field.annotation))
            yield model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Add the docstrings as descriptions of a model and its fields."""
    schema["description"] = _plain_text((model.__doc__ or "").partition("\n\n    Attributes\n")[0])
    descriptions = _field_descriptions(model)
    for name, field in model.model_fields.items():
        shown = schema["properties"].get(field.alias or name)
        if shown is not None and name in descriptions:
            shown["description"] = descriptions[name]


def _field_descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """Docstrings of each field; a model's own override those of its bases."""
    descriptions: dict[str, str] = {}
    for base in reversed(model.__mro__):
        section = (base.__doc__ or "").partition("Attributes\n    ----------\n")[2]
        for entry in _ENTRY.finditer(re.sub("^    ", "", section, flags=re.MULTILINE)):
            descriptions.update(dict.fromkeys(entry["names"].split(", "), _plain_text(entry["text"])))
    return descriptions


def _clean(part: Any) -> None:
    """Parse the examples, and close mappings whose keys follow a pattern."""
    if isinstance(part, dict):
        if "patternProperties" in part:
            part["additionalProperties"] = False
        if isinstance(part.get("examples"), list):
            part["examples"] = [_parse_example(str(example)) for example in part["examples"]]
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        _clean(inner)


def _parse_example(example: str) -> PlainData:
    """The value of an example, which is written as in a policy file."""
    return read_yaml(f"example: {example}", "example").at(("example",))


def _plain_text(text: str) -> str:
    """Text without line breaks and docstring markup."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", " ".join(text.split())).replace("``", "`")
