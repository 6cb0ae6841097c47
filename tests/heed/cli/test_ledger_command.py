import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from heed.cli import heed as command
from tests.support.in_process_service import running_service


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HEED_HOME", str(tmp_path))
    with running_service(tmp_path) as service:
        service.know()
        for n in range(5):
            service.decide(f"c{n}")
        yield tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["ledger", *arguments])


def tamper(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "ledger.db", isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER decisions_never_updated")
        for statement in statements:
            connection.execute(statement)


def test_a_ledger_beside_its_running_service_is_sound_up_to_a_head_that_was_kept(home: Path) -> None:
    kept = home / "head.json"
    kept.write_text(run("head").stdout)
    assert json.loads(kept.read_text())["public_key"] == run("public-key").stdout.strip()
    found = run("verify", "--head", str(kept), "--json")
    assert (found.exit_code, json.loads(found.stdout)) == (0, {"links": 5, "sound": True, "findings": []})


def test_what_was_edited_is_named_with_its_place(home: Path) -> None:
    tamper(home, "UPDATE decisions SET policy_hash = 'x' WHERE rowid = 2")
    found = run("verify")
    assert found.exit_code == 1
    assert "edited at position" in found.stdout
    assert "5 links verified, 1 findings" in found.stdout
    said = json.loads(run("verify", "--json").stdout)["findings"][0]
    assert (said["what"], said["table"], said["decision_id"]) == ("edited", "decisions", said["record"])


@pytest.mark.usefixtures("home")
def test_a_file_that_is_no_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    assert "holds no head of a ledger" in str(run("verify", "--head", str(tmp_path / "other.json")).exception)
