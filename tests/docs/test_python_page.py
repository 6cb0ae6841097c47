"""The examples of docs/python.md run as they stand."""

import re
import shutil

import pytest

from heed.guardrails.policy.load import DEFAULT_POLICY
from heed.training.model.bundle_files import save_bundle
from tests.support.in_process_client import client_of
from tests.support.in_process_service import running_service
from tests.support.paths import REPOSITORY
from tests.support.small_model import bundle

PAGE = (REPOSITORY / "docs" / "python.md").read_text(encoding="utf-8")
IN_PROCESS, WITH_SERVICE = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def run(snippet: str, capsys: pytest.CaptureFixture[str]) -> str:
    exec(compile(snippet, "python.md", "exec"), {})
    return capsys.readouterr().out


def test_ten_lines_decide_in_process(tmp_path, monkeypatch, capsys):
    assert len(IN_PROCESS.strip().splitlines()) <= 10 + IN_PROCESS.count("\n\n")
    save_bundle(bundle(), tmp_path / "bundle")
    shutil.copy(DEFAULT_POLICY, tmp_path / "policy.yaml")
    monkeypatch.chdir(tmp_path)
    assert re.match(r"(act|hold|review) ", run(IN_PROCESS, capsys))


def test_the_client_calls_a_service(tmp_path, monkeypatch, capsys):
    with running_service(tmp_path) as service:
        service.know("c000001")
        monkeypatch.setattr("heed.Client", lambda url: client_of(service, url), raising=False)
        assert run(WITH_SERVICE, capsys) == "mail via email\n"
