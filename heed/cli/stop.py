"""`heed stop` and `heed resume`: the kill switch."""

import getpass
from collections.abc import Callable
from typing import Any

import click

from heed.cli.kill_switch import Event, send_order
from heed.cli.output import json_option, print_json
from heed.serving.settings import Settings

_OPTIONS = (
    click.option("--reason", required=True, help="Why; it stands in every decision that is stopped."),
    click.option("--by", default=getpass.getuser, show_default="the user", help="Who orders it."),
    click.option("--channel", help="Only this channel."),
    click.option("--action", "action_id", help="Only this action."),
    click.option("--message-class", type=click.Choice(["marketing", "service"]), help="Only this message class."),
    click.option("--url", help="Where the service listens; from HEED_HOST and HEED_PORT otherwise."),
    json_option,
)


def _ordering(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_ordering
@click.option("--review", "disposition", flag_value="review", default=None, help="Ask a person instead of holding.")
def stop(**told: Any) -> None:
    """Turn every act into hold or review, at once, on every worker."""
    _throw("stop", **told)


@click.command()
@_ordering
def resume(**told: Any) -> None:
    """Lift an order to stop that named exactly the same."""
    _throw("resume", **told)


def _throw(event: Event, *, url: str | None, as_json: bool, **told: str | None) -> None:
    settings = Settings()
    named = {name: value for name, value in told.items() if value is not None}
    thrown = send_order(event, named, url or f"http://{settings.host}:{settings.port}", settings)
    if as_json:
        print_json({"event": event, "through": thrown.through, "stopped": list(thrown.stopped)})
        return
    click.echo(f"{event} recorded through {thrown.through}")
    click.echo(f"stopped now: {'; '.join(thrown.stopped) or 'nothing'}")
