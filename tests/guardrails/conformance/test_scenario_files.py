"""Scenario files say where they are wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from heed.decisioning.errors import InvalidInput
from heed.guardrails.conformance.scenario_files import read_scenarios
from tests.support.conformance_scenarios import scenario

STEP = {"do": "decide", "customer": "ada", "called": "first"}


def written(folder: Path, *scenarios: dict[str, Any], name: str = "one") -> Path:
    (folder / f"{name}.yaml").write_text(yaml.safe_dump({"theme": "Test", "scenarios": list(scenarios)}))
    return folder


def test_a_folder_of_files_is_read_in_order(tmp_path: Path) -> None:
    written(tmp_path, scenario(id="last"), name="b")
    written(tmp_path, scenario(id="first"), scenario(id="second"), name="a")
    assert [one.scenario.id for one in read_scenarios(tmp_path)] == ["first", "second", "last"]


def test_those_that_are_named_are_read_alone(tmp_path: Path) -> None:
    written(tmp_path, scenario(id="first"), scenario(id="second"))
    assert [one.scenario.id for one in read_scenarios(tmp_path, only=["second"])] == ["second"]


def test_a_name_that_is_none_is_refused_with_those_near_it(tmp_path: Path) -> None:
    written(tmp_path, scenario(id="cap-at-midnight"))
    with pytest.raises(InvalidInput, match="no such scenario in `id`: `cap-at-noon`; as in cap-at-midnight"):
        read_scenarios(tmp_path, only=["cap-at-noon"])


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no scenario found in `path`"):
        read_scenarios(tmp_path)


def test_two_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="two scenarios share one id in `id`: `same`"):
        read_scenarios(written(tmp_path, scenario(id="same"), scenario(id="same")))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"when": [{**STEP, "customer": "bob"}]}, "no customer called `bob`", id="a stranger"),
        pytest.param({"then": [{"of": "second", "outcome": "act"}]}, "no step called `second`", id="a missing step"),
        pytest.param({"then": [{"of": "first"}]}, "expects nothing", id="an expectation of nothing"),
        pytest.param({"then": [{"of": "first", "outcome": "perhaps"}]}, "Input should be", id="an unknown outcome"),
        pytest.param({"when": [{**STEP, "do": "decid"}]}, "does not match any of the", id="an unknown step"),
        pytest.param({"source": {"says": "so", "cite": "A page"}}, "needs both `cite` and `url`", id="half a citation"),
        pytest.param({"source": {"cite": "A page", "url": "https://x.test"}}, "Field required", id="a wordless source"),
        pytest.param({"when": [STEP, dict(STEP)]}, "two steps are called `first`", id="two steps of one name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=rf"one\.yaml:\d+: .*{said}"):
        read_scenarios(written(tmp_path, {**scenario(), **wrong}))


def test_the_line_of_a_wrong_field_is_named(tmp_path: Path) -> None:
    text = """theme: Test
scenarios:
  - id: one
    title: Something
    source: {says: so}
    given:
      clock: yesterday
      policy: []
      customers: {}
    when: []
    then: []
"""
    (tmp_path / "one.yaml").write_text(text)
    with pytest.raises(InvalidInput, match=r"one\.yaml:7: .* in `scenarios\[0\]\.given\.clock`"):
        read_scenarios(tmp_path)
