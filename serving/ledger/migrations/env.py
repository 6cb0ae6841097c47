"""Alembic runs this file: it applies the steps over the connection that `upgrade` hands it."""

from alembic import context

from serving.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
