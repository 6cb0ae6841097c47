"""The steps by which a ledger comes to the present shape, on whatever database."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from heed.decisioning.errors import Unavailable
from heed.serving.ledger.backend.location import PostgresLocation

_STEPS = Path(__file__).parent


def take_steps(connection: Connection) -> None:
    """Take all steps that are still to be taken, in the transaction of the connection."""
    command.upgrade(config(connection), "head")


def refuse_other_shape(found: str | None, location: Path | PostgresLocation) -> None:
    """Refuse a ledger whose last step is not the last there is.

    Raises
    ------
    Unavailable
        With the command that mends it.
    """
    wanted = ScriptDirectory.from_config(config()).get_current_head()
    if found != wanted:
        place = "database" if isinstance(location, PostgresLocation) else "file"
        other = f"the ledger has shape {found} where {wanted} is needed"
        state = f"the {place} holds no ledger" if found is None else other
        raise Unavailable(state, field="ledger", value=location, remedy="run `heed db upgrade`")


def config(connection: Connection | None = None) -> Config:
    """What Alembic needs to know; there is no file for it."""
    made = Config()
    made.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made
