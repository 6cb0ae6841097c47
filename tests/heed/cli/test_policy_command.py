"""`heed policy`: what it prints for people and for programs, and how it ends."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from heed.cli import heed, run_command
from heed.cli.policy_output import format_diff
from heed.serving.replay.policy_diff import diff
from tests.support.in_process_service import POLICY, Heed, running_service

GOOD = """version: 1
name: own
vocabulary: {channels: [email], purposes: [marketing], categories: [loyalty]}
rules:
  - {id: consent, purpose: Ask first., owner: dpo, kind: consent}
  - {id: list, purpose: Leave alone., owner: crm, kind: suppression}
"""
NEVER = GOOD + """  - id: never
    purpose: Never.
    owner: crm
    kind: quiet_hours
    windows: [{from: 00:00, to: 24:00}]
"""  # fmt: skip
TWICE = GOOD + "  - {id: list-again, purpose: Leave alone., owner: crm, kind: suppression}\n"
CASE = """purpose: Who is on the list is left alone.
now: 2026-03-04T10:00:00Z
customer:
  contact_points: {a: email}
  consents: [{channel: email, purpose: marketing, status: granted, recorded_at: 2026-01-01T00:00:00Z}]
  suppressions: [{recorded_at: 2026-01-02T00:00:00Z}]
action: {channel: email}
expect: {effect: suppress, rules: [RULE]}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEED_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "policy.yaml") -> str:
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def run(*arguments: str) -> Result:
    return CliRunner().invoke(heed, ["policy", *arguments], catch_exceptions=False)


def test_a_policy_without_findings_is_told_in_one_line(written):
    path = written(GOOD)
    shown = run("check", path)
    assert shown.exit_code == 0
    assert shown.stdout.startswith(f"{path}: 2 rules, hash ")
    assert shown.stdout.count("\n") == 1


def test_an_error_ends_with_exit_code_1_and_names_line_rule_and_field(written):
    path = written(NEVER)
    shown = run("check", path)
    assert shown.exit_code == 1
    where = f"error: {path}:11: rule `never`, field `windows`: "
    assert f"{where}the quiet hours cover the whole week" in shown.stdout
    assert "1 error, 0 warnings" in shown.stdout


def test_a_warning_is_told_and_is_no_failure(written):
    shown = run("check", written(TWICE))
    assert shown.exit_code == 0
    assert "warning: " in shown.stdout
    assert "0 errors, 1 warning" in shown.stdout


def test_findings_are_there_for_programs(written):
    told = json.loads(run("check", written(NEVER), "--json").stdout)
    (finding,) = told["findings"]
    assert {
        "severity": "error",
        "check": "quiet-all-week",
        "rule": "never",
        "field": "windows",
        "line": 11,
    }.items() <= (finding.items())
    assert told["rules"] == 3


def test_faults_are_there_for_programs(written):
    shown = run("check", written(GOOD.replace("kind: suppression", "kind: supression")), "--json")
    assert shown.exit_code == 2
    (fault,) = json.loads(shown.stdout)["faults"]
    assert (fault["line"], fault["rule"], fault["field"], fault["value"]) == (6, "list", "kind", "supression")
    assert "did you mean `suppression`?" in fault["remedy"]


def test_the_policy_that_heed_ships_has_no_findings():
    shown = run("check", "--json")
    assert shown.exit_code == 0
    assert json.loads(shown.stdout)["findings"] == []


def test_the_cases_beside_a_policy_are_run_against_it(written):
    path = written(GOOD)
    written(CASE.replace("RULE", "list"), "cases/listed.yaml")
    shown = run("test", "--policy", path)
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "held   cases/listed: Who is on the list is left alone.", "1 held, 0 failed",
    ]  # fmt: skip


def test_the_cases_of_the_policy_in_force_are_run_after_those_of_heed(written, monkeypatch):
    monkeypatch.setenv("HEED_POLICY", written(GOOD))
    written(CASE.replace("RULE", "list"), "cases/listed.yaml")
    shown = run("test")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert len(lines) > 10
    assert lines[-2] == "held   cases/listed: Who is on the list is left alone."


def test_a_case_that_comes_out_otherwise_is_told_with_the_difference(written):
    path = written(GOOD)
    written(CASE.replace("RULE", "consent"), "cases/listed.yaml")
    shown = run("test", "--policy", path, "--json")
    assert shown.exit_code == 1
    (case,) = json.loads(shown.stdout)
    assert case["held"] is False
    assert case["differences"] == ["decided by list, expected consent"]


def test_cases_that_are_named_are_run_alone(written):
    path = written(GOOD)
    case = written(CASE.replace("RULE", "list"), "elsewhere/listed.yaml")
    assert run("test", case, "--policy", path).stdout.endswith("1 held, 0 failed\n")


def test_the_schema_is_printed_as_json():
    assert json.loads(run("schema").stdout)["title"] == "heed policy"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with running_service(tmp_path) as started:
        for number, tier in enumerate(["gold", "gold", "plain"]):
            started.know(f"c{number}", channels=("email", "sms"), attributes={"tier": tier})
        monkeypatch.setattr(
            "heed.serving.bootstrap.load_active_versions", lambda _: started.runtime.deployment.current()
        )
        monkeypatch.setenv("HEED_DATABASE_URL", f"sqlite:///{started.runtime.settings.ledger_path}")
        yield started


QUIET = POLICY.replace("windows: [{from: 21:00, to: 07:00}]", "windows: [{from: 09:00, to: 20:00}]")


def test_a_change_of_policy_is_told_as_a_short_table(service: Heed):
    for number in range(3):
        service.decide(f"c{number}", candidates=["mail", "text"])
    since = service.clock() - timedelta(days=1)
    pinned = service.runtime.deployment.current()
    lines = list(format_diff(diff(service.runtime.ledger.decisions, POLICY, QUIET, since, pinned=pinned, by="tier")))
    assert lines[1] == "3 decisions since 2026-03-01; 3 would change"
    table = [line.split() for line in lines]
    assert ["contacts", "3", "0", "-3"] in table
    assert ["holds", "0", "3", "+3"] in table
    assert ["reviews", "0", "0", "0"] in table
    assert any(line.startswith("act mail -> hold") and "quiet-hours" in line for line in lines)
    assert any(line.split()[:3] == ["gold", "2", "2"] for line in lines)
    assert "What this does not say:" in lines


def test_a_change_of_policy_is_told_on_the_command_line(service: Heed, written):
    service.decide("c0", candidates=["mail"])
    old, new = written(POLICY, "old.yaml"), written(QUIET, "new.yaml")
    shown = run("diff", old, new, "--since", "3650d", "--by", "tier", "--json")
    told = json.loads(shown.stdout)
    assert (told["recorded"], told["changed"]) == (1, 1)
    assert told["groups"][0]["value"] == "gold"
    assert "1 would change" in run("diff", old, new, "--since", "3650d").stdout


def test_where_nothing_is_recorded_no_figure_is_made_up(service: Heed, written):
    shown = run("diff", written(POLICY, "old.yaml"), written(QUIET, "new.yaml"))
    assert "no decision could be repeated" in shown.stdout
    assert service.runtime.settings.ledger_path.exists()


def test_a_new_policy_that_is_none_is_refused_by_its_file(service: Heed, written, capsys, monkeypatch):
    del service
    faulty = written(QUIET.replace("limit: 2", "limit: two"), "new.yaml")
    monkeypatch.setattr("sys.argv", ["heed", "policy", "diff", written(POLICY, "old.yaml"), faulty])
    assert run_command(heed) == 2
    assert f"{faulty}:" in capsys.readouterr().err


@pytest.mark.parametrize("span", ["30", "a month", "-3d"])
def test_a_span_that_is_none_is_refused(span, written, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["heed", "policy", "diff", written(GOOD), written(GOOD), "--since", span])
    assert run_command(heed) == 2
    assert "is not a duration; write it as in 24h, 30d or 4w" in capsys.readouterr().err
