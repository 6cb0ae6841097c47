"""Parse YAML with the line of every value and without implicit surprises.

As in YAML 1.2, only null, true, false and decimal numbers are not text. In YAML 1.1, the default of the library,
`20:00` is the number 1200 and the country code `NO` is false.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from heed.guardrails.policy_errors import Fault, InvalidPolicy
from heed.guardrails.source_map import Path, PlainData, SourceMap

_DEEPEST = 12
_LARGEST = 1_000_000
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?")
_WORDS: Mapping[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}


def read_yaml(text: str, source: str) -> SourceMap:
    """Parse YAML with the line of every value.

    Raises
    ------
    InvalidPolicy
        If it is not one well-formed document, has a duplicate key, or uses aliases or tags.
    """
    if len(text) > _LARGEST:
        raise InvalidPolicy([Fault(source, "file is too large", remedy=f"keep it under {_LARGEST} characters")])
    try:
        root = yaml.compose(text, Loader=_Composer)
    except yaml.YAMLError as error:
        raise InvalidPolicy([_unreadable(source, error)]) from error
    reading = _Reading(source)
    data = reading.value(root, ()) if root is not None else None
    if reading.faults:
        raise InvalidPolicy(reading.faults)
    return SourceMap(source, data, {(): 1, **reading.lines})


class _Composer(yaml.SafeLoader):
    """Composes nodes. Rejects aliases, which could make a small file large, and tags, which change types."""

    depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        mark = event.start_mark
        if isinstance(event, AliasEvent):
            raise ComposerError(None, None, "aliases are not supported", mark)
        if getattr(event, "tag", None) is not None:
            raise ComposerError(None, None, "tags are not supported", mark)
        if self.depth > _DEEPEST:
            raise ComposerError(None, None, "values are nested too deeply", mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _Reading:
    """Converts nodes to plain data; collects lines and duplicate keys."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[Path, int] = {}
        self.faults: list[Fault] = []

    def value(self, node: Node, path: Path) -> PlainData:
        """The value of a node."""
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._placed(item, item, (*path, place)) for place, item in enumerate(node.value)]
        return _scalar(node) if isinstance(node, ScalarNode) else None

    def _mapping(self, node: MappingNode, path: Path) -> PlainData:
        data: dict[str, PlainData] = {}
        for key, item in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            if name in data or not name:
                self.faults.append(self._wrong_key(key, name))
            data[name] = self._placed(key, item, (*path, name))
        return data

    def _placed(self, mark: Node, item: Node, path: Path) -> PlainData:
        self.lines[path] = mark.start_mark.line + 1
        return self.value(item, path)

    def _wrong_key(self, key: Node, name: str) -> Fault:
        line = key.start_mark.line + 1
        if name:
            return Fault(self.source, "duplicate key", line, None, name, remedy="keep one of the two")
        return Fault(self.source, "key is not a name", line, remedy="write keys as plain words, as in `limit: 2`")


def _scalar(node: ScalarNode) -> PlainData:
    text = str(node.value)
    if node.style is not None:
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _unreadable(source: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "text is not YAML"
    remedy = "check the indentation, and put text with `:` or `#` in quotes"
    return Fault(source, f"cannot be read: {problem}", None if mark is None else mark.line + 1, remedy=remedy)
