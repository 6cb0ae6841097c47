"""`heed customer`: a person's rights of access and erasure."""

import click

from heed.cli.command import group
from heed.cli.options import service_client, service_url, url_option
from heed.cli.output import json_option, print_json
from heed.client import Json
from heed.serving.settings import Settings


@group()
def customer() -> None:
    """Export or erase what is stored about a customer."""


@customer.command()
@click.argument("customer_id")
@url_option
def export(customer_id: str, url: str | None) -> None:
    """Print everything that is stored about CUSTOMER_ID, as JSON."""
    with service_client(url, order=f"exporting customer {customer_id}") as client:
        print_json(client.export(customer_id))


@customer.command()
@click.argument("customer_id")
@url_option
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--spare-others", is_flag=True, help="Record no objection for contact points that others share.")
@json_option
def erase(customer_id: str, url: str | None, yes: bool, spare_others: bool, as_json: bool) -> None:  # noqa: FBT001
    """Erase CUSTOMER_ID: the key, the facts, and messages that wait to be sent. This cannot be undone.

    What was decided stays on record without the person. Anyone who comes back under the same id or address gets no
    marketing. Others at the same address get none either, unless --spare-others is given.
    """
    if not yes:
        address = service_url(url, Settings())
        click.confirm(f"Erase customer {customer_id} for good at {address}?", abort=True, err=True)
    with service_client(url, order=f"erasing customer {customer_id}") as client:
        result = client.erase(customer_id, spare_others=spare_others)
    print_json(result) if as_json else click.echo(_message(result))


def _message(result: Json) -> str:
    if not result["erased"]:
        return f"already erased at {result['erased_at']}; nothing is left"
    return f"erased; {result['others_struck']} others at the same contact points get no more marketing"
