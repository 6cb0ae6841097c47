"""What the statements have in common."""

from typing import Any

from sqlalchemy import BindParameter, Select, Table, bindparam, select

OF_WHOM: BindParameter[str] = bindparam("customer_id")

LIMIT: BindParameter[int] = bindparam("limit")

SINCE: BindParameter[int] = bindparam("since")

NOW: BindParameter[int] = bindparam("now")


def pick(table: Table, columns: str) -> Select[Any]:
    """These columns, in this order."""
    return select(*[table.c[name] for name in columns.split()])
