"""An option never stands for another option's value, in any command."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from heed.cli import heed, run_command
from heed.cli.command import Command


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its path, groups included."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


ALL = dict(commands(heed))
OPTIONS = [
    (path, option)
    for path, command in ALL.items()
    for param in command.params
    if isinstance(param, click.Option) and not param.is_flag
    for option in param.opts
]


def error_line(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr("sys.argv", ["heed", *arguments])
    assert run_command(heed) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_every_command_has_the_check():
    assert len(ALL) > 30
    assert [path for path, command in ALL.items() if not isinstance(command, Command)] == []


@pytest.mark.parametrize("value", ["--help", "-h", "--no-such-option", "--json=1"])
def test_no_command_takes_an_option_as_a_value(value, monkeypatch, capsys):
    assert len(OPTIONS) > 50
    for path, option in OPTIONS:
        line = error_line([*path, option, value], monkeypatch, capsys)
        assert line.startswith(f"{' '.join(('heed', *path))}: option {option} needs a value, and {value} is an option")


def test_stop_with_help_as_its_reason_stops_nothing(monkeypatch, capsys):
    monkeypatch.setattr("heed.cli.kill_switch.send_order", lambda *_: pytest.fail("an order was sent"))
    assert error_line(["stop", "--reason", "--help"], monkeypatch, capsys) == (
        "heed stop: option --reason needs a value, and --help is an option; write --reason=--help if you mean it "
        "(see heed stop --help)"
    )


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        pytest.param(["--text", "-3"], "-3", id="a negative number"),
        pytest.param(["--text", "-"], "-", id="a dash"),
        pytest.param(["--text", "-- sorry --"], "-- sorry --", id="words after dashes"),
        pytest.param(["--text=--flag"], "--flag", id="an option after an equals sign"),
        pytest.param(["--flag", "--text", "a"], "a", id="an option after a flag"),
        pytest.param(["--text", "a", "--", "--text", "--flag"], "a", id="arguments after two dashes"),
    ],
)
def test_other_values_are_taken(arguments, value):
    @click.command(cls=Command)
    @click.option("--text")
    @click.option("--flag", is_flag=True)
    @click.argument("rest", nargs=-1)
    def example(text, **others):
        del others
        click.echo(text)

    assert CliRunner().invoke(example, arguments, catch_exceptions=False).output == f"{value}\n"
