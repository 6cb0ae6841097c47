"""The classes of `heed`'s commands, and the one check that all of them share."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

_LONG_OPTION = re.compile(r"--[A-Za-z][\w-]*(=.*)?", flags=re.DOTALL)


class Command(click.Command):
    """A command that refuses an option as the value of another option.

    click takes whatever follows an option as its value: ``heed stop --reason --help`` would stop everything because
    of "--help". Whoever means that writes ``--reason=--help``.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        # click keeps the help option of a command's first run: one run outside `heed` would never know `-h` again.
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments if no option stands where a value belongs."""
        refuse_option_values(ctx, self.get_params(ctx), args)
        return super().parse_args(ctx, args)


class Group(Command, click.Group):
    """A group whose commands and subgroups are of these classes."""

    command_class = Command
    group_class = type


def command(name: str | None = None) -> Callable[[Callable[..., Any]], Command]:
    """Declare a command of `heed` itself."""
    return click.command(name, cls=Command)


def group(name: str | None = None) -> Callable[[Callable[..., Any]], Group]:
    """Declare a group of commands."""
    return click.group(name, cls=Group)


def refuse_option_values(ctx: click.Context, params: Iterable[click.Parameter], args: Sequence[str]) -> None:
    """Raise BadOptionUsage where an option is followed by another option in place of its value."""
    options = [param for param in params if isinstance(param, click.Option)]
    known = {name for option in options for name in (*option.opts, *option.secondary_opts)}
    valued = {name for option in options if not (option.is_flag or option.count) for name in option.opts}
    rest = iter(args[: args.index("--")] if "--" in args else args)
    for name in rest:
        value = next(rest, None) if name in valued else None
        if value is not None and (value in known or _LONG_OPTION.fullmatch(value)):
            message = f"option {name} needs a value, and {value} is an option; write {name}={value} if you mean it"
            raise click.BadOptionUsage(name, message, ctx)
