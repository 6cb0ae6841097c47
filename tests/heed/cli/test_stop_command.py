"""`heed stop` beside a running service and without one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from heed.cli import heed, kill_switch
from heed.decisioning.errors import InvalidInput, Unavailable
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.migrate import upgrade
from tests.support.in_process_client import client_of
from tests.support.in_process_service import running_service

NOWHERE = "http://127.0.0.1:9"


def run(*arguments: str):
    return CliRunner().invoke(heed, list(arguments), standalone_mode=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEED_HOME", str(tmp_path))
    return tmp_path


def test_without_a_service_the_order_goes_straight_into_the_ledger(home):
    upgrade(home / "ledger.db")
    said = run("stop", "--reason", "wrong price", "--by", "ana", "--channel", "sms", "--review", "--url", NOWHERE)
    assert said.stderr.splitlines() == [
        f"stop channel sms: asking the service at {NOWHERE}",
        f"no service answers there; writing to the ledger at {home / 'ledger.db'}",
    ]
    assert f"stop recorded through the ledger at {home / 'ledger.db'}, as no service answers" in said.output
    assert "stopped now: channel sms" in said.output
    with open_ledger(home / "ledger.db", readonly=True) as ledger:
        assert [(one.reason, one.effect.value) for one in ledger.kill_switch.active()] == [("wrong price", "review")]
    said = run("resume", "--reason", "mended", "--by", "ana", "--channel", "sms", "--url", NOWHERE, "--json")
    assert json.loads(said.stdout)["stopped"] == []


def test_beside_a_service_that_holds_the_ledger_it_goes_through_the_service(home, unused_port, monkeypatch):
    with running_service(home) as service:
        monkeypatch.setattr(kill_switch, "Client", lambda url: client_of(service, url))
        said = run("stop", "--reason", "wrong price", "--by", "ana")
        assert said.stderr == f"stop everything: asking the service at http://127.0.0.1:{unused_port}\n"
        assert f"stop recorded through the service at http://127.0.0.1:{unused_port}" in said.output
        assert service.get("/v1/stop")["orders"][0]["by"] == "ana"


def test_a_service_that_holds_the_ledger_and_does_not_answer_is_told_of(home):
    with running_service(home):
        found = run("stop", "--reason", "wrong price", "--by", "ana", "--url", NOWHERE)
    assert isinstance(found.exception, Unavailable)
    assert "another process writes to this ledger" in str(found.exception)
    assert "end the service's process" in str(found.exception)


def test_an_order_without_sense_reaches_neither(home):
    found = run("stop", "--reason", "a\nb", "--by", "ana", "--url", NOWHERE)
    assert isinstance(found.exception, InvalidInput)
    assert "reason" in str(found.exception)
    assert not (home / "ledger.db").exists()


def test_what_is_not_stopped_cannot_be_resumed(home):
    upgrade(home / "ledger.db")
    found = run("resume", "--reason", "mended", "--by", "ana", "--url", NOWHERE)
    assert "no order to stop of this scope is in force" in str(found.exception)
