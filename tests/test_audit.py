"""The audit of dependencies does not take the lack of an answer for a good one."""

import importlib.util
import json
import sys
from types import ModuleType

import pytest

from tests.support.paths import REPOSITORY

PLACE = REPOSITORY / ".ci" / "audit.py"
SOUND = {"name": "a", "version": "1", "vulns": []}
UNKNOWN = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited: b (1)"}
VULNERABLE = {"name": "c", "version": "1", "vulns": [{"id": "PYSEC-1"}]}


@pytest.fixture
def audit(monkeypatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", PLACE)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "audit", module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("packages", "said", "code", "required"),
    [
        ([SOUND], "audited 1 locked packages", 0, 0),
        ([SOUND, VULNERABLE], "KNOWN VULNERABILITIES:\n  c 1: PYSEC-1", 1, 1),
        ([VULNERABLE, UNKNOWN], "KNOWN VULNERABILITIES", 1, 1),
        ([SOUND, UNKNOWN], "NOT AUDITED: no advisories were to be had for 1 of 2", 0, 3),
        ([], "NOT AUDITED: no advisory service answered", 0, 3),
        (None, "NOT AUDITED: no advisory service answered", 0, 3),
    ],
    ids=["all sound", "one vulnerable", "one vulnerable, one unknown", "one unknown", "none", "no report"],
)
def test_only_what_was_looked_up_passes(audit, monkeypatch, capsys, packages, said, code, required):
    report = "No such service" if packages is None else json.dumps({"dependencies": packages})
    monkeypatch.setattr(audit, "ask", lambda _service, _lock: audit.read(report))
    assert audit.main("requirements.lock") == code
    assert said in capsys.readouterr().err
    monkeypatch.setenv("HEED_AUDIT", "required")
    assert audit.main("requirements.lock") == required


def test_another_service_is_asked_where_the_first_knows_nothing(audit, monkeypatch):
    answers = {"pypi": json.dumps({"dependencies": [UNKNOWN]}), "osv": json.dumps({"dependencies": [VULNERABLE]})}
    monkeypatch.setattr(audit, "ask", lambda service, _lock: audit.read(answers[service]))
    assert audit.main("requirements.lock") == 1
