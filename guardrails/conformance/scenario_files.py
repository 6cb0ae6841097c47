"""Load scenario files, and the rules and actions that they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from heed.decisioning.errors import InvalidInput
from heed.guardrails.conformance.scenario import Scenario, Theme
from heed.guardrails.source_map import Path, format_path
from heed.guardrails.yaml_positions import read_yaml

HERE = FilePath(__file__).parent
SCENARIOS = HERE / "scenarios"


@dataclass(frozen=True)
class SharedDefinitions:
    """Definitions that scenarios may name: rules, actions, and the base of every policy."""

    rules: Mapping[str, Mapping[str, Any]]
    actions: Mapping[str, Mapping[str, Any]]
    policy: Mapping[str, Any]


@dataclass(frozen=True)
class ThemedScenario:
    """A scenario and its theme."""

    theme: str
    scenario: Scenario


def read_scenarios(folder: FilePath = SCENARIOS, only: Sequence[str] = ()) -> tuple[ThemedScenario, ...]:
    """All scenarios of a folder, or only those of these ids, in the order of files and within them.

    Raises
    ------
    InvalidInput
        If there is none, one is invalid, or two share an id; the message has file, line and field.
    """
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise InvalidInput("no scenario found", field="path", value=folder, remedy="name a folder of *.yaml files")
    scenarios = tuple(entry for file in files for entry in _of_file(file))
    ids = [scenario.scenario.id for scenario in scenarios]
    doubled = next((action_id for action_id in ids if ids.count(action_id) > 1), None)
    if doubled is not None:
        raise InvalidInput("two scenarios share one id", field="id", value=doubled)
    unknown = next((entry for entry in only if entry not in ids), None)
    if unknown is not None:
        near = get_close_matches(unknown, ids, n=2) or ids[:2]
        raise InvalidInput("no such scenario", field="id", value=unknown, remedy=f"as in {' or '.join(near)}")
    return tuple(scenario for scenario in scenarios if not only or scenario.scenario.id in only)


def read_shared(path: FilePath = HERE / "rules.yaml") -> SharedDefinitions:
    """The shared definitions."""
    content: Any = read_yaml(path.read_text(encoding="utf-8"), str(path)).data
    return SharedDefinitions(content["rules"], content["actions"], content["policy"])


def _of_file(path: FilePath) -> list[ThemedScenario]:
    document = read_yaml(path.read_text(encoding="utf-8"), str(path))
    try:
        theme = Theme.model_validate(document.data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = _place(first["loc"])
        where = f"{path}:{document.line(place)}"
        raise InvalidInput(f"{where}: {first['msg']}", field=format_path(place), remedy="see scenario.py") from error
    return [ThemedScenario(theme.theme, scenario) for scenario in theme.scenarios]


def _place(location: Path) -> Path:
    """Path of the error in the file, without the step kind that pydantic inserts before the field."""
    return location[:4] + location[5:] if location[2:3] == ("when",) else location
