"""`heed conformance` prints its table in three ways and exits 1 where something failed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from heed.cli.conformance import conformance
from heed.guardrails.conformance.system import Outcome
from tests.support.conformance_scenarios import scenario
from tests.support.conformance_systems import ConstantSystem


@contextmanager
def always_acts() -> Iterator[ConstantSystem]:
    yield ConstantSystem(Outcome.ACT, name="reckless")


def asked(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(conformance, arguments)
    return result.exit_code, result.stdout


@pytest.mark.slow
def test_one_scenario_is_held_by_a_heed_of_its_own() -> None:
    code, shown = asked("cap-at-midnight")
    assert code == 0
    assert shown.splitlines()[-1] == "heed: 1 held, 0 failed, 0 not supported"


def test_another_system_fails_and_the_exit_code_says_so() -> None:
    code, shown = asked("cap-at-midnight", "--json", "--system", "tests.heed.cli.test_conformance_command:always_acts")
    found = json.loads(shown)
    assert code == 1
    assert (found["system"], found["counts"]) == ("reckless", {"held": 0, "failed": 1, "not supported": 0})
    assert found["scenarios"][0]["why"][0] == "after-midnight: act instead of hold"


def test_the_scenarios_of_another_folder_are_shown_in_markdown(tmp_path: Path) -> None:
    told = {"theme": "Mine", "scenarios": [scenario(title="A | B holds")]}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(told))
    code, shown = asked("--scenarios", str(tmp_path), "--markdown")
    assert code == 0
    assert "## Mine" in shown
    assert "| `test` | A \\| B holds | A known trap. | held |" in shown


@pytest.mark.parametrize(
    "adapter", ["tests.heed.cli.test_conformance_command:nobody", "no_such_module:make", "tests.heed"]
)
def test_an_adapter_that_is_not_there_is_bad_input(adapter: str) -> None:
    result = CliRunner().invoke(conformance, ["--system", adapter])
    assert result.exit_code == 2
    assert "no such adapter" in result.stderr
