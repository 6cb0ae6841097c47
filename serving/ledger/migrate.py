"""Bringing a ledger to the present shape, wherever it is kept."""

from heed.serving.ledger.backend.location import Location, PostgresLocation, parse_location
from heed.serving.ledger.postgres import migrate as postgres
from heed.serving.ledger.sqlite import migrate as sqlite


def upgrade(location: str | Location, key: str | None = None) -> None:
    """Create the ledger, or bring it to the present shape, all steps or none.

    Parameters
    ----------
    location : str, Path or PostgresLocation
        A path, a ``sqlite:///`` or a ``postgresql://`` URL. Missing folders are made, a database is not; a new file is
        readable by its owner alone.
    key : str, optional
        The ledger's, needed where records from before have to be sealed; absent means the one beside the ledger.

    Raises
    ------
    Unavailable
        If another process writes to the ledger's file, or file or database cannot be written.
    """
    place = parse_location(location)
    if isinstance(place, PostgresLocation):
        postgres.upgrade(place, key)
    else:
        sqlite.upgrade(place, key)
