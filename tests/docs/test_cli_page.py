"""docs/cli.md says what the commands say of themselves."""

import re
import shlex

import click
import pytest

from heed.cli import heed
from heed.cli.reference import EXAMPLES, reference
from tests.support.paths import DOCS


def test_the_page_is_the_generated_one():
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == reference(), "run make docs"


@pytest.mark.parametrize("line", [line for line, _ in EXAMPLES])
def test_every_example_is_a_command_with_its_options(line):
    command, words = heed, shlex.split(line)[1:]
    # Looked up and never run: some of these commands change whatever service or ledger they reach.
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    assert command is not None, line
    options = {name for parameter in command.params for name in parameter.opts}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, line


def test_every_option_and_command_says_what_it_is_for():
    assert re.findall(r"^- `[^`]+`: (?:|Required.*|Default.*)$", reference(), flags=re.MULTILINE) == []
    assert re.findall(r"^## `[^`]+`\n\n\n", reference(), flags=re.MULTILINE) == []
