"""The schema in numbered revisions, applied by Alembic."""
