"""Where a ledger is: a SQLite file, or a PostgreSQL database."""

from dataclasses import dataclass, field
from pathlib import Path

from heed.decisioning.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class PostgresLocation:
    """A PostgreSQL database by its URL, which may hold a password and is never shown."""

    url: str = field(repr=False)

    def __str__(self) -> str:
        from psycopg.conninfo import conninfo_to_dict

        parts = conninfo_to_dict(self.url)
        host = parts.get("host") or parts.get("hostaddr") or "localhost"
        return f"postgresql://{host}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"


Location = Path | PostgresLocation

_POSTGRES_PREFIXES = ("postgresql://", "postgres://")

_SQLITE_PREFIX = "sqlite:///"

_SETTING = "HEED_DATABASE_URL"


def parse_location(location: str | Path | PostgresLocation) -> Location:
    """Where a path, a ``sqlite:///`` or a ``postgresql://`` URL points.

    Raises
    ------
    InvalidInput
        If the URL names another kind of database, cannot be read, or names no file.
    """
    if isinstance(location, PostgresLocation):
        return location
    text = str(location)
    if text.startswith(_POSTGRES_PREFIXES):
        return _postgres(text)
    if "://" not in text:
        return _file(text)
    if text.startswith(_SQLITE_PREFIX):
        return _file(text.removeprefix(_SQLITE_PREFIX))
    remedy = "give a path, `sqlite:////var/lib/heed/ledger.db` or `postgresql://user@host/database`"
    # The rest of a database URL may hold a password.
    raise InvalidInput("unknown kind of database", field=_SETTING, value=text.split(":", 1)[0], remedy=remedy)


def sqlite_path(location: str | Path | PostgresLocation) -> Path:
    """The file of a ledger that is kept in one.

    Raises
    ------
    InvalidInput
        If it is kept in PostgreSQL, or as for `located`.
    """
    place = parse_location(location)
    if isinstance(place, PostgresLocation):
        raise InvalidInput("the ledger is in no file", field=_SETTING, value=place, remedy="name a SQLite file")
    return place


def _file(path: str) -> Path:
    if not path or path == ":memory:":
        remedy = "name a file: a ledger must outlive its process"
        raise InvalidInput("the ledger needs a file", field=_SETTING, value=path, remedy=remedy)
    return Path(path).expanduser().absolute()


def _postgres(url: str) -> PostgresLocation:
    # Settings are read by commands that need no database and may lack its driver.
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.errors import ProgrammingError

    try:
        conninfo_to_dict(url)
    except ProgrammingError:
        # What libpq says of a URL that it cannot read quotes from it.
        remedy = "write `postgresql://user:password@host:port/database`, with `%40` for an `@` in the password"
        raise InvalidInput("the URL of the database cannot be read", field=_SETTING, remedy=remedy) from None
    return PostgresLocation(url)
