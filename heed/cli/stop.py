"""`heed stop` and `heed resume`: the kill switch."""

import getpass
from collections.abc import Callable
from typing import Any, Literal

import click

from heed.cli.command import command
from heed.cli.options import service_url, url_option
from heed.cli.output import announce, json_option, print_json
from heed.serving.settings import Settings

_OPTIONS = (
    click.option("--reason", required=True, help="Why. Every decision that is stopped records it."),
    click.option("--by", default=getpass.getuser, show_default="the user", help="Who gives the order."),
    click.option("--channel", help="Only this channel."),
    click.option("--action", "action_id", help="Only this action."),
    click.option("--message-class", type=click.Choice(["marketing", "service"]), help="Only this message class."),
    url_option,
    json_option,
)


def _order_options(function: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@command()
@_order_options
@click.option("--review", "disposition", flag_value="review", default=None, help="Send to review instead of holding.")
def stop(**fields: Any) -> None:
    """Turn every act into hold or review, at once, on every worker.

    The order goes to the running service. If none answers it is written to the ledger.
    """
    _send("stop", **fields)


@command()
@_order_options
def resume(**fields: Any) -> None:
    """Lift a stop order of exactly the same scope."""
    _send("resume", **fields)


def _send(event: Literal["stop", "resume"], *, url: str | None, as_json: bool, **fields: str | None) -> None:
    from heed.cli import kill_switch

    settings = Settings()
    given = {name: value for name, value in fields.items() if value is not None}
    result = kill_switch.send_order(event, given, service_url(url, settings), settings, announce)
    if as_json:
        print_json({"event": event, "through": result.through, "stopped": list(result.stopped)})
        return
    click.echo(f"{event} recorded through {result.through}")
    click.echo(f"stopped now: {'; '.join(result.stopped) or 'nothing'}")
