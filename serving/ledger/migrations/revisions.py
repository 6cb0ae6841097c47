"""Which schema revision a ledger has, which one this code needs, and the way from one to the other."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.location import PostgresLocation

_FOLDER = Path(__file__).parent


def apply(connection: Connection) -> None:
    """Apply every revision that is missing, in the transaction of the connection."""
    command.upgrade(_config(connection), "head")


def require_current(found: str | None, location: Path | PostgresLocation) -> None:
    """Refuse a ledger that has not the revision that this code needs.

    Raises
    ------
    Unavailable
        With what to do.
    """
    require_known(found, location)
    needed = _revisions()[0]
    if found != needed:
        place = "database" if isinstance(location, PostgresLocation) else "file"
        other = f"the ledger has schema revision {found} where {needed} is needed"
        state = f"the {place} holds no ledger" if found is None else other
        raise Unavailable(state, field="ledger", value=location, remedy="run `heed db upgrade`")


def require_known(found: str | None, location: Path | PostgresLocation) -> None:
    """Refuse a ledger whose revision this code does not know, so that it can be neither opened nor upgraded.

    Raises
    ------
    Unavailable
        With what to do.
    """
    newest, oldest = _revisions()[0], _revisions()[-1]
    if found is None or found in _revisions():
        return
    message = f"the ledger has schema revision {found} where {newest} is needed"
    if found < oldest:
        message += ": it is from before the first release, and there is no upgrade from it"
        remedy = f"begin a new ledger, or first bring this one to {oldest} with the build that made it"
    else:
        remedy = "update heed: a later version made this ledger"
    raise Unavailable(message, field="ledger", value=location, remedy=remedy)


def _revisions() -> list[str]:
    """Every revision that this code knows, newest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _config(connection: Connection | None = None) -> Config:
    """What Alembic needs to know; there is no file for it."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
