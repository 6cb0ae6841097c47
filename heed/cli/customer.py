"""`heed customer`: what a person may ask of whoever keeps a ledger."""

import click

from heed.cli.output import json_option, print_json
from heed.client import Client, Json
from heed.serving.settings import Settings

_URL = click.option("--url", help="Where the service listens; from HEED_HOST and HEED_PORT otherwise.")


@click.group()
def customer() -> None:
    """Hand out what is held about a customer, or erase it."""


@customer.command()
@click.argument("customer_id")
@_URL
def export(customer_id: str, url: str | None) -> None:
    """Print everything that is held about CUSTOMER_ID, as JSON."""
    with _client(url) as client:
        print_json(client.export(customer_id))


@customer.command()
@click.argument("customer_id")
@_URL
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--spare-others", is_flag=True, help="Record no objection to contact points that others have as well.")
@json_option
def erase(customer_id: str, url: str | None, yes: bool, spare_others: bool, as_json: bool) -> None:  # noqa: FBT001
    """Erase CUSTOMER_ID: the key, the facts, and what waits to be sent. It cannot be undone.

    What was decided stays on record without the person, and marketing stays away from whoever comes back under the
    same id or address. Others at the same address lose marketing too, unless they are spared.
    """
    if not yes:
        click.confirm(f"Erase {customer_id} for good?", abort=True, err=True)
    with _client(url) as client:
        done = client.erase(customer_id, spare_others=spare_others)
    if as_json:
        print_json(done)
    else:
        click.echo(_told(done))


def _told(done: Json) -> str:
    if not done["erased"]:
        return f"there is nothing left: erased at {done['erased_at']}"
    return f"erased; {done['others_struck']} others at the same contact points get no more marketing"


def _client(url: str | None) -> Client:
    settings = Settings()
    return Client(url or f"http://{settings.host}:{settings.port}")
