"""All tables together, as steps to a newer shape and the records of chains need them."""

from heed.serving.ledger.tables import chains, decided, happenings, people, secrets, sending
from heed.serving.ledger.tables.base import metadata

# Tables are known to `metadata` once these have been imported.
MODULES = (chains, decided, happenings, people, secrets, sending)

SCHEMA = metadata
