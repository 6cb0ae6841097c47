"""`heed conformance`: run the conformance scenarios against heed or another system."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from heed.cli.command import command
from heed.cli.output import json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heed.guardrails.conformance.runner import ScenarioResult
    from heed.guardrails.conformance.system import System

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_COLOURS = {"held": "green", "failed": "bold red", "not supported": "yellow"}


@command()
@click.argument("names", nargs=-1, metavar="[SCENARIO]...")
@click.option("--scenarios", type=_FOLDER, help="Run the scenarios in this folder.")
@click.option(
    "--system",
    "adapter",
    metavar="MODULE:FUNCTION",
    help="A context manager that yields another system.",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the tables in Markdown.")
@json_option
@click.pass_context
def conformance(
    context: click.Context,
    names: tuple[str, ...],
    scenarios: Path | None,
    adapter: str | None,
    as_markdown: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Run all scenarios, or those named, over HTTP against a temporary heed.

    The exit code is 1 if one fails.
    """
    from heed.cli.output import progress
    from heed.guardrails.conformance import result_table
    from heed.guardrails.conformance.runner import ScenarioVerdict, run_scenarios
    from heed.guardrails.conformance.scenario_files import SCENARIOS, read_scenarios

    told = read_scenarios(scenarios or SCENARIOS, only=names)
    with _tested(adapter) as system, progress(len(told)) as bar:
        results = run_scenarios(told, system, lambda result: bar.step(result.told.scenario.id))
        bar.done("")
        name = system.name
    if as_json:
        print_json(result_table.results_as_json(name, results))
    elif as_markdown:
        click.echo(result_table.results_as_markdown(told, {name: results}))
    else:
        _show(results)
        click.echo(f"{name}: {result_table.format_summary(results)}")
    context.exit(1 if result_table.count_verdicts(results)[ScenarioVerdict.FAILED] else 0)


def _tested(adapter: str | None) -> "AbstractContextManager[System]":
    if adapter is None:
        return _own()
    module, _, function = adapter.partition(":")
    try:
        made: AbstractContextManager[System] = getattr(import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise click.BadParameter(f"no such adapter ({error})", param_hint="--system") from error
    return made


@contextmanager
def _own() -> "Iterator[System]":
    """A heed with a temporary ledger."""
    from heed.testing.server import running_system

    # heed warns of every policy that it refuses, and the scenarios send such policies on purpose.
    logging.getLogger("heed").addHandler(logging.NullHandler())
    with TemporaryDirectory(prefix="heed-conformance-") as home, running_system(Path(home)) as system:
        yield system


def _show(results: "Sequence[ScenarioResult]") -> None:
    table = Table("scenario", "what must hold", "verdict", box=None)
    for result in results:
        verdict = result.verdict.value
        table.add_row(result.told.scenario.id, result.told.scenario.title, f"[{_COLOURS[verdict]}]{verdict}[/]")
        for why in result.why:
            table.add_row("", f"[dim]{why}[/]", "")
    Console().print(table)
