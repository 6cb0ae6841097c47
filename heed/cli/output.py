"""What the command line prints: results on standard output, progress and messages on standard error."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class Steps:
    """The progress of a long command, step by step."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def step(self, name: str) -> None:
        """Show the step that begins now; the one before it is done."""
        if self._progress.tasks[0].description:
            self._progress.advance(self._task)
        self._progress.update(self._task, description=name)

    def advance(self, by: int) -> None:
        """Advance the bar by this many steps."""
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


def announce(message: str) -> None:
    """Print a message to people, which no program reads, on standard error."""
    click.echo(message, err=True)


def without_password(uri: str) -> str:
    """The URI as it may be shown."""
    parts = urlsplit(uri)
    if parts.password is None:
        return uri
    return parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")).geturl()


def print_json(value: object) -> None:
    """Print one JSON document on standard output."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())
