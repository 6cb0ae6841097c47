"""Policies and catalogues that have decided."""

from sqlalchemy import bindparam, insert, select

from heed.serving.ledger.tables.decided import pins

PINNED = select(pins.c.text).where(pins.c.kind == bindparam("kind"), pins.c.digest == bindparam("digest"))

ADD_PIN = insert(pins)
