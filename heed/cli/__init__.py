"""The `heed` command line. Each command imports what it needs when it runs, so that `heed --help` answers at once."""

import sys
from collections.abc import Callable
from importlib import import_module

import click

from heed.decisioning import __version__
from heed.decisioning.errors import HeedError

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
    "promote": "heed.cli.train",
    "replay": "heed.cli.replay",
    "resume": "heed.cli.stop",
    "serve": "heed.cli.serve",
    "stop": "heed.cli.stop",
    "train": "heed.cli.train",
}


class LazyGroup(click.Group):
    """Finds a command in its module when it is asked for."""

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
    """Run the command line; what was wrong with the input is one line and exit code 2."""
    sys.exit(run_command(heed))


def run_command(command: Callable[..., object]) -> int:
    """Exit code of a command: 0, 2 for bad input, 1 for anything else that heed raised on purpose."""
    try:
        command(standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except HeedError as error:
        click.echo(f"heed: {error}", err=True)
        return 2
    return 0
