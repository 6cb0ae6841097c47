"""What the command line prints: progress and words for people on standard error, results on standard output."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, for programs.")


class Steps:
    """Progress of a long command, step by step."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def step(self, name: str) -> None:
        """Say what begins now; what was under way is done."""
        if self._progress.tasks[0].description:
            self._progress.advance(self._task)
        self._progress.update(self._task, description=name)

    def advance(self, by: int) -> None:
        """Say that so much more is done."""
        self._progress.advance(self._task, by)

    def done(self, name: str) -> None:
        """Fill the bar."""
        self._progress.update(self._task, description=name, completed=self._progress.tasks[0].total)


@contextmanager
def progress(total: int) -> Iterator[Steps]:
    """A progress bar of `total` steps on standard error."""
    columns = (SpinnerColumn(), BarColumn(bar_width=24), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield Steps(bar, total)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())
