"""What gathers the tables. It knows all of them once `heed.serving.ledger.tables.schema` was imported."""

from sqlalchemy import MetaData

metadata = MetaData()
