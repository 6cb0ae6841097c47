"""Options and helpers that the commands which talk to a running service share."""

import click

from heed.cli.output import announce
from heed.client import Client
from heed.serving.settings import Settings

url_option = click.option("--url", help="Address of the service. Default: from HEED_HOST and HEED_PORT.")


def service_url(url: str | None, settings: Settings) -> str:
    """The address that was given, or the one that the settings name."""
    return url or f"http://{settings.host}:{settings.port}"


def service_client(url: str | None, *, order: str) -> Client:
    """A client for the service, with the key in ``HEED_API_KEY``; the order and the address are announced first."""
    address = service_url(url, Settings())
    announce(f"{order} at {address}")
    return Client(address)
