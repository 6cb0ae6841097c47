import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from heed.cli import heed, run_command
from heed.cli.data import data


def run(*arguments: str) -> object:
    return CliRunner().invoke(heed, list(arguments), standalone_mode=False, catch_exceptions=False)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HEED_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


@pytest.mark.parametrize(
    "name",
    [
        "customer",
        "data",
        "db",
        "decide",
        "demo",
        "evaluate",
        "ledger",
        "policy",
        "promote",
        "replay",
        "resume",
        "serve",
        "stop",
        "train",
    ],
    ids=lambda name: name,
)
def test_every_command_says_what_it_is_for(name):
    shown = run(name, "--help")
    assert shown.exit_code == 0
    assert "Usage" in shown.output
    assert name in run("--help").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["train", "--data", "nowhere"], "nowhere", id="a folder that is not there"),
        pytest.param(["decide"], "--customer", id="a missing option"),
        pytest.param(["promte"], "promte", id="an unknown command"),
        pytest.param(["data", "adapt", "hillstorm", "--from", ".", "--to", "x"], "hillstorm", id="an unknown data set"),
        pytest.param(["promote"], "heed train --data DIR", id="no champion yet"),
        pytest.param(["decide", "--customer", "c1", "--url", "http://127.0.0.1:9"], "heed serve", id="no service"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(arguments, said, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["heed", *arguments])
    assert run_command(heed) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err


def test_a_simulated_world_keeps_the_contract(tmp_path):
    target = tmp_path / "data"
    run("data", "simulate", "--to", str(target), "--customers", "40", "--days", "20")
    found = json.loads(run("data", "check", str(target), "--json").stdout)
    assert found
    assert data.name == "data"


def test_the_ledger_is_created_and_upgrading_again_changes_nothing(home):
    assert run("db", "upgrade").exit_code == 0
    before = (home / "ledger.db").read_bytes()
    assert run("db", "upgrade").exit_code == 0
    assert (home / "ledger.db").read_bytes() == before


def test_the_policy_cases_hold():
    shown = run("policy", "test")
    assert shown.return_value in (None, 0)
    assert "0 failed" in shown.output


def test_the_default_policy_is_checked_without_a_model():
    assert "rules, hash" in run("policy", "check").output


def test_a_faulty_policy_names_its_line(tmp_path, capsys, monkeypatch):
    faulty = tmp_path / "policy.yaml"
    faulty.write_text("version: 1\nname: x\nrules:\n  - {id: a, kind: consnt}\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["heed", "policy", "check", str(faulty)])
    assert run_command(heed) == 2
    assert "policy.yaml:4" in capsys.readouterr().err
