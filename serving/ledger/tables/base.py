"""What gathers the tables. It knows all of them once `serving.ledger.tables.schema` was imported."""

from sqlalchemy import MetaData

metadata = MetaData()
