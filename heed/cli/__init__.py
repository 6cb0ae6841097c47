"""The `heed` command line. Each command imports what it needs when it runs, so that `heed --help` answers at once."""

import sys
from collections.abc import Callable
from importlib import import_module

import click

from heed.cli.command import Group
from heed.decisioning import __version__
from heed.decisioning.errors import HeedError
from heed.extras import missing_extra

_COMMANDS = {
    "conformance": "heed.cli.conformance",
    "customer": "heed.cli.customer",
    "data": "heed.cli.data",
    "db": "heed.cli.db",
    "decide": "heed.cli.decide",
    "demo": "heed.cli.demo",
    "evaluate": "heed.cli.evaluate",
    "keys": "heed.cli.keys",
    "ledger": "heed.cli.ledger",
    "policy": "heed.cli.policy",
    "promote": "heed.cli.promote",
    "replay": "heed.cli.replay",
    "resume": "heed.cli.stop",
    "serve": "heed.cli.serve",
    "stop": "heed.cli.stop",
    "train": "heed.cli.train",
    "worker": "heed.cli.worker",
}


class LazyGroup(Group):
    """Imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands."""
        del ctx
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        del ctx
        module = _COMMANDS.get(cmd_name)
        return None if module is None else getattr(import_module(module), cmd_name)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="heed")
def heed() -> None:
    """Decide whether to act, how to act, or to hold, and prove why."""


def main() -> None:
    """Run the command line; bad input is one line on standard error and exit code 2."""
    sys.exit(run_command(heed))


def run_command(command: Callable[..., object]) -> int:
    """Run a command and return its exit code: 2 for bad input and other errors that heed raises on purpose."""
    try:
        command(prog_name="heed", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except (click.ClickException, HeedError, ModuleNotFoundError) as error:
        click.echo(_error_line(error), err=True)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    return 0


def _error_line(error: click.ClickException | HeedError | ModuleNotFoundError) -> str:
    if isinstance(error, HeedError):
        return f"heed: {error}"
    if isinstance(error, ModuleNotFoundError):
        return f"heed: {missing_extra(error)}"
    path = "heed" if not isinstance(error, click.UsageError) or error.ctx is None else error.ctx.command_path
    return f"{path}: {' '.join(error.format_message().split())} (see {path} --help)"
