"""The notebook, run headless in a fresh demo: what is saved in it must be what it gives."""

import base64
import difflib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.support.paths import REPOSITORY

NOTEBOOK = REPOSITORY / "notebooks" / "review_explanations.ipynb"
SECONDS = 600
PICTURES = {"reliability", "beeswarm", "waterfall", "confidence"}
PNG = b"\x89PNG\r\n\x1a\n"

Cells = dict[str, list[Mapping[str, Any]]]


def outputs(path: Path) -> Cells:
    cells = nbformat.read(path, as_version=4).cells
    return {cell.id: cell.outputs for cell in cells if cell.cell_type == "code"}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    """Outputs of the notebook after a run from nothing."""
    where = tmp_path_factory.mktemp("notebook") / "run.ipynb"
    command = [sys.executable, "-m", "notebooks.run", "--to", str(where)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-4_000:]
    return outputs(where)


def texts(cells: Cells) -> list[str]:
    """Everything that the notebook says in text, line by line."""
    lines = []
    for name, produced in cells.items():
        for output in produced:
            said = {"text": output["text"]} if "text" in output else dict(output["data"])
            said.pop("image/png", None)
            lines += [f"{name} {kind}: {line}" for kind, text in sorted(said.items()) for line in text.splitlines()]
    return lines


def pictures(cells: Cells) -> dict[str, bytes]:
    return {
        name: base64.b64decode(output["data"]["image/png"])
        for name, produced in cells.items()
        for output in produced
        if "image/png" in output.get("data", {})
    }


def test_the_saved_text_is_the_text_it_gives(fresh: Cells) -> None:
    saved, given = texts(outputs(NOTEBOOK)), texts(fresh)
    assert len(given) > 50
    changed = list(difflib.unified_diff(saved, given, "saved", "given", n=0, lineterm=""))
    assert not changed, "\n".join(["`make notebook` saves the present outputs:", *changed[:40]])


def test_every_picture_is_saved_and_drawn(fresh: Cells) -> None:
    for found in (pictures(outputs(NOTEBOOK)), pictures(fresh)):
        assert set(found) == PICTURES
        assert all(picture.startswith(PNG) and len(picture) > 10_000 for picture in found.values())


def test_pictures_keep_their_size(fresh: Cells) -> None:
    saved, given = pictures(outputs(NOTEBOOK)), pictures(fresh)
    assert {name: size(one) for name, one in given.items()} == {name: size(one) for name, one in saved.items()}


def test_nothing_was_complained_of(fresh: Cells) -> None:
    complaints = [
        output["text"] for produced in fresh.values() for output in produced if output.get("name") == "stderr"
    ]
    assert complaints == []


def test_every_decision_of_the_demo_was_made_again_from_its_receipt(fresh: Cells) -> None:
    assert [output["text"] for output in fresh["replay"]] == ["288 of 288 decisions come out the same\n"]


def size(png: bytes) -> tuple[int, int]:
    """Width and height, from the header."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
