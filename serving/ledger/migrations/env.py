"""Alembic runs this file: it applies revisions over the connection that `revisions.apply` hands it."""

from alembic import context

from heed.serving.ledger.schema import SCHEMA

context.configure(connection=context.config.attributes["connection"], target_metadata=SCHEMA)
with context.begin_transaction():
    context.run_migrations()
