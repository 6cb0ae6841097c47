"""Alembic runs this file: it applies the steps over the connection that `upgrade` hands it."""

from alembic import context

from heed.serving.ledger.tables.schema import SCHEMA

context.configure(connection=context.config.attributes["connection"], target_metadata=SCHEMA)
with context.begin_transaction():
    context.run_migrations()
