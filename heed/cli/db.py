"""`heed db`: the schema of the ledger."""

import click

from heed.cli.command import group
from heed.cli.output import announce
from heed.serving.settings import Settings


@group()
def db() -> None:
    """Create and migrate the ledger."""


@db.command()
def upgrade() -> None:
    """Create the ledger, or migrate it to the current schema."""
    from heed.serving.ledger import migrate

    settings = Settings()
    announce(f"upgrading the ledger at {settings.ledger_location}")
    migrate.upgrade(settings.ledger_location)
    click.echo(f"{settings.ledger_location} has the current schema")
