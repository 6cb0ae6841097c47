"""Keeping a table append-only in the database itself, against whatever writes to it."""

from alembic import op

_REFUSAL = """
CREATE OR REPLACE FUNCTION heed_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def append_only(table: str, same_row: str) -> None:
    """Refuse to change, delete or replace rows.

    Parameters
    ----------
    table : str
        A name from the code of a revision.
    same_row : str
        When a row is the one that is to be inserted (`NEW`), in SQL from the code of a revision.
    """
    if op.get_bind().dialect.name == "postgresql":
        _in_postgresql(table)
    else:
        _in_sqlite(table, same_row)


def _in_postgresql(table: str) -> None:
    op.execute(_REFUSAL)
    refuse = "EXECUTE FUNCTION heed_append_only()"
    op.execute(f"CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW {refuse}")
    op.execute(f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}")


def _in_sqlite(table: str, same_row: str) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(f"CREATE TRIGGER {table}_never_updated BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} {refuse}")
    # INSERT OR REPLACE deletes the old row without firing the trigger on DELETE.
    exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same_row})"  # noqa: S608 - the names are constants of a revision
    op.execute(f"CREATE TRIGGER {table}_never_replaced BEFORE INSERT ON {table} WHEN {exists} {refuse}")
