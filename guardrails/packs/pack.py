"""Packs of rules by jurisdiction: `packs: [eu, us]` in a policy adds their rules to its own.

A pack only restricts: whatever a policy suppresses without it, the policy suppresses with it. Its rules have dates, so
a decision is evaluated by the law of its own day. Where a customer's jurisdiction is unknown, every rule that may apply
to the customer does.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path as File
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from heed.guardrails.field_types import Name, StrictModel
from heed.guardrails.policy_errors import Fault, InvalidPolicy
from heed.guardrails.source_map import Path, PlainData, SourceMap
from heed.guardrails.yaml_positions import read_yaml

PACKS = File(__file__).parent
_DIMENSIONS = ("channels", "purposes", "categories")


class Pack(StrictModel):
    """One pack.

    Attributes
    ----------
    compiled_on : date
        When its rules were last checked against the law.
    notice : str
        The disclaimer.
    vocabulary : mapping of str to tuple of str
        Names in its scopes, by dimension.
    rules : tuple of mapping
        As in a policy file.
    """

    pack: Name
    title: Name
    compiled_on: Annotated[date, BeforeValidator(lambda text: date.fromisoformat(text))]
    notice: Name
    vocabulary: Mapping[str, tuple[Name, ...]] = {}
    rules: tuple[dict[str, Any], ...] = Field(min_length=1)


def available_packs() -> tuple[str, ...]:
    """The names of all packs."""
    return tuple(sorted(file.stem for file in PACKS.glob("*.yaml")))


@lru_cache(maxsize=32)
def load_pack(name: str) -> Pack:
    """The pack of this name, which must be available."""
    file = PACKS / f"{name}.yaml"
    return Pack.model_validate(read_yaml(file.read_text(encoding="utf-8"), str(file)).data)


def add_pack_rules(document: SourceMap) -> SourceMap:
    """The document with the rules of its packs after its own, each on the line that names its pack.

    A malformed document is returned unchanged, for the schema to reject.

    Raises
    ------
    InvalidPolicy
        If a pack does not exist, or is named twice.
    """
    data = document.data
    if not isinstance(data, dict) or not _is_list_of_names(data.get("packs")):
        return document
    names = [str(name) for name in _listed(data["packs"])]
    faults = list(_faults(document, names))
    if faults:
        raise InvalidPolicy(faults)
    own = data.get("rules")
    if not isinstance(own, list):
        return document
    taken = [(place, rule) for place, name in enumerate(names) for rule in load_pack(name).rules]
    lines: dict[Path, int] = {
        ("rules", len(own) + n): document.line(("packs", place)) or 1 for n, (place, _) in enumerate(taken)
    }
    rest = {key: value for key, value in data.items() if key != "packs"}
    whole = {**rest, "rules": [*own, *(rule for _, rule in taken)]}
    words = _vocabulary(data.get("vocabulary"), names)
    return SourceMap(document.source, {**whole, **words}, {**document.lines, **lines} if document.lines else {})


def _faults(document: SourceMap, names: list[str]) -> Iterator[Fault]:
    known = available_packs()
    for place, name in enumerate(names):
        if name not in known:
            remedy = f"use one of {', '.join(known)}"
            yield document.fault("unknown pack", ("packs", place), value=name, remedy=remedy)
        elif name in names[:place]:
            yield document.fault("duplicate pack", ("packs", place), value=name, remedy="keep one of the two")


def _vocabulary(own: PlainData, names: list[str]) -> dict[str, PlainData]:
    """The policy's vocabulary with the names of the packs; a malformed one stays unchanged."""
    given = {} if own is None else own
    if not isinstance(given, dict) or not all(isinstance(given.get(dimension, []), list) for dimension in _DIMENSIONS):
        return {}
    words: dict[str, PlainData] = dict(given)
    for dimension in _DIMENSIONS:
        further = [word for name in names for word in load_pack(name).vocabulary.get(dimension, ())]
        present = _listed(given.get(dimension, []))
        words[dimension] = [*present, *(word for word in dict.fromkeys(further) if word not in present)]
    return {"vocabulary": words}


def _is_list_of_names(value: PlainData) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _listed(value: PlainData) -> list[PlainData]:
    return value if isinstance(value, list) else []
