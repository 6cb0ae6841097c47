"""`heed db`: the schema of the ledger."""

import click

from heed.cli.command import group
from heed.cli.output import announce
from heed.serving.ledger.migrate import upgrade as upgrade_ledger
from heed.serving.settings import Settings


@group()
def db() -> None:
    """Create and migrate the ledger."""


@db.command()
def upgrade() -> None:
    """Create the ledger, or migrate it to the current schema."""
    settings = Settings()
    announce(f"upgrading the ledger at {settings.ledger_location}")
    upgrade_ledger(settings.ledger_location, settings.sealing_key)
    click.echo(f"{settings.ledger_location} has the current schema")
