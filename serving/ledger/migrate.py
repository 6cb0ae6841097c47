"""Create a ledger, or bring it to the current schema, wherever it is kept."""

from heed.serving.ledger.backend.location import Location, PostgresLocation, parse_location
from heed.serving.ledger.postgres import migrate as postgres
from heed.serving.ledger.sqlite import migrate as sqlite


def upgrade(location: str | Location) -> None:
    """Create the ledger, or bring it to the current schema, completely or not at all.

    Parameters
    ----------
    location : str, Path or PostgresLocation
        A path, a ``sqlite:///`` or a ``postgresql://`` URL. Missing folders are made, a database is not; a new file is
        readable by its owner alone.

    Raises
    ------
    Unavailable
        If another process writes to the ledger's file, file or database cannot be written, or the ledger is one that
        cannot be upgraded.
    """
    place = parse_location(location)
    if isinstance(place, PostgresLocation):
        postgres.upgrade(place)
    else:
        sqlite.upgrade(place)
