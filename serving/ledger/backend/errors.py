"""What is told to those who ask a ledger for what it cannot do as it is."""

from heed.decisioning.errors import Unavailable


def closed() -> Unavailable:
    """The error for work handed to a ledger that is closed."""
    return Unavailable("the ledger is closed", field="ledger", remedy="ask again once the service has started")


def read_only() -> Unavailable:
    """The error for writes to a ledger opened for reading."""
    return Unavailable("the ledger was opened for reading only", field="ledger", remedy="open it without `readonly`")
