import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from heed.cli import heed as command
from heed.serving import bootstrap
from heed.serving.replay.artifacts import ArtifactResolver, ReplayModel
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import Heed, running_service


@pytest.fixture
def decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Heed, list[str]]]:
    monkeypatch.setenv("HEED_HOME", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with running_service(tmp_path) as service:
        service.know()
        yield service, [service.decide(one, explain="all")["decision_id"] for one in ("c1", "c2", "c1")]


@pytest.fixture
def model_there(decided: tuple[Heed, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    now = decided[0].runtime.deployment.current()
    model = ReplayModel(now.scorer, now.level, now.certificate, now.attribute_types)
    monkeypatch.setattr(
        bootstrap, "artifact_resolver", lambda _, ledger: ArtifactResolver(ledger.artifacts, lambda _: model)
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["replay", *arguments])


def told(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


@pytest.mark.usefixtures("model_there")
def test_one_decision_comes_out_the_same(decided: tuple[Heed, list[str]]) -> None:
    found = run(decided[1][0])
    assert (found.exit_code, found.stdout) == (0, "1 decisions replayed: 1 same\n")


@pytest.mark.usefixtures("decided", "model_there")
def test_all_decisions_of_a_stretch_of_time_come_out_the_same() -> None:
    found = run("--since", "3000d", "--json")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == {"decisions": 3, "results": {"same": 3}, "exceptions": []}
    assert run("--since", "1h").stdout == "0 decisions replayed: none\n"


def test_a_model_that_says_something_else_is_told_with_what_differs(
    decided: tuple[Heed, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = decided[0].runtime.deployment.current()
    other = ReplayModel(FixedScorer({"mail": 0.31, "text": 0.2, "banner": 0.1}), now.level, None, now.attribute_types)
    monkeypatch.setattr(
        bootstrap, "artifact_resolver", lambda _, ledger: ArtifactResolver(ledger.artifacts, lambda _: other)
    )
    found = run(decided[1][0])
    assert found.exit_code == 1
    assert "different: reasons, candidates" in found.stdout


@pytest.mark.usefixtures("decided", "model_there")
def test_an_answer_that_was_edited_cannot_be_read(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER decisions_never_updated")
        connection.execute("UPDATE decisions SET answer = substr(answer, 1, 60) || upper(substr(answer, 61))")
    found = run("--since", "3000d")
    assert found.exit_code == 1
    assert "unreadable: the answer of a decision is not what was recorded" in found.stdout


def test_a_model_that_is_gone_is_reported_and_no_other_is_asked(decided: tuple[Heed, list[str]]) -> None:
    assert run(decided[1][1]).exit_code == 1
    said = told(decided[1][1])
    assert said["results"] == {"gone": 1}
    assert "no model of this version and content is there in `model`: `7`" in said["exceptions"][0]["reason"]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nothing named"),
        pytest.param(["some-id", "--since", "3d"], id="both named"),
        pytest.param(["--since", "soon"], id="no length of time"),
    ],
)
def test_what_to_decide_again_must_be_said(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.usefixtures("decided")
def test_an_unknown_decision_is_bad_input() -> None:
    assert "no such decision" in str(run("nowhere").exception)
