"""The README is what a newcomer meets, so what it says is tried."""

import json
import re
import shlex
import subprocess
from dataclasses import fields

import click
import pytest

from heed.cli import heed
from heed.serving.schemas.responses import CandidateAnswer, DecisionAnswer
from tests.support.in_process_client import client_of
from tests.support.in_process_service import running_service
from tests.support.paths import DOCS, REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
TRAINING = (DOCS / "training.md").read_text(encoding="utf-8")
HTTP = (DOCS / "http.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, flags=re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [part.strip() for line in lines for part in line.split("&&")]


@pytest.mark.parametrize("line", [one for one in commands() if one.startswith("heed ")])
def test_every_heed_command_of_the_readme_exists_with_its_options(line):
    command, words = heed, shlex.split(line)[1:]
    # Looked up and never run: some of these commands change whatever service or ledger they reach.
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    assert command is not None, line
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, line


@pytest.mark.parametrize("target", [one.split()[1] for one in commands() if one.startswith("make ")])
def test_every_make_target_of_the_readme_exists(target):
    assert re.search(rf"^{target}:", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_entry_point_of_the_mlflow_command_exists():
    (line,) = re.findall(r"mlflow run .*", TRAINING)
    entry = line.split("-e ")[1].split()[0]
    assert f"\n  {entry}:\n" in (REPOSITORY / "MLproject").read_text(encoding="utf-8")


def test_the_answer_explained_has_the_fields_of_a_real_one():
    (shown,) = map(json.loads, blocks("json", HTTP))
    left_out = {"model", "policy", "catalogue"}
    assert set(shown) | left_out == {field.name for field in fields(DecisionAnswer)}
    assert set(shown["candidates"][0]) == {field.name for field in fields(CandidateAnswer)}


def test_the_answer_of_the_readme_is_cut_from_the_one_explained():
    (cut,), (whole,) = (list(map(json.loads, blocks("json", page))) for page in (README, HTTP))
    assert len(blocks("json")[0].splitlines()) <= 16
    for name, value in cut.items():
        if isinstance(value, dict):
            assert value.items() <= whole[name].items()
        elif isinstance(value, list):
            assert set(value) <= set(whole[name])
        else:
            assert value == whole[name]


def test_the_request_shown_is_answered(tmp_path):
    (curl,) = [one for one in commands() if one.startswith("curl")]
    body = json.loads(shlex.split(curl)[-1])
    with running_service(tmp_path) as service:
        service.know(body["customer_id"])
        assert service.post("/decide", body)["disposition"] == "act"


def test_the_snippet_shown_runs(tmp_path, monkeypatch, capsys):
    (snippet,) = blocks("python")
    with running_service(tmp_path) as service:
        service.know("c000001")
        monkeypatch.setattr("heed.Client", lambda url: client_of(service, url))
        exec(compile(snippet, "README.md", "exec"), {})
    assert capsys.readouterr().out == "mail via email\n"


def test_every_link_leads_to_a_file():
    pages = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *DOCS.glob("*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 10
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_the_tree_names_every_folder_and_no_other():
    tree = re.split(r"^## The tree$", README, flags=re.MULTILINE)[1].split("```")[1]
    named = {line.split()[0].rstrip("/") for line in tree.strip().splitlines()}
    assert sorted(path for path in named if not (REPOSITORY / path).exists()) == []
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    folders = {path.partition("/")[0] for path in tracked.splitlines() if "/" in path}
    assert {folder for folder in folders if not folder.startswith(".")} <= named
