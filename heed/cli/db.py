"""`heed db`: the ledger's shape."""

import click

from heed.serving.ledger.migrate import upgrade as bring_to_present_shape
from heed.serving.settings import Settings


@click.group()
def db() -> None:
    """Look after the ledger."""


@db.command()
def upgrade() -> None:
    """Create the ledger, or bring it to the present shape."""
    settings = Settings()
    place = settings.ledger_location
    bring_to_present_shape(place, settings.sealing_key)
    click.echo(f"{place} has the present shape")
