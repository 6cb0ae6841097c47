"""Where a running service is, and the key to show it: what the commands that talk to one have in common."""

import click

from heed.client import Client
from heed.serving.settings import Settings

url_option = click.option("--url", help="Where the service listens; from HEED_HOST and HEED_PORT otherwise.")


def service_client(url: str | None) -> Client:
    """A client of the service at `url`, or of the one that the settings name, with the key of ``HEED_API_KEY``."""
    settings = Settings()
    return Client(url or f"http://{settings.host}:{settings.port}")
