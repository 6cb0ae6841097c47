"""Where the ledger is: a path or a database URL."""

from pathlib import Path

from decisioning.errors import InvalidInput

_SQLITE = "sqlite:///"


def sqlite_path(location: str | Path) -> Path:
    """The SQLite file that a path or ``sqlite:///`` URL names, absolute.

    Raises
    ------
    InvalidInput
        If the URL names another kind of database, or no file.
    """
    text = str(location)
    if "://" not in text:
        path = text
    elif text.startswith(_SQLITE):
        path = text.removeprefix(_SQLITE)
    else:
        remedy = "give a path or a URL such as `sqlite:////var/lib/heed/ledger.db`"
        # The rest of a database URL may hold a password.
        raise InvalidInput(
            "unknown kind of database", field="HEED_DATABASE_URL", value=text.split(":", 1)[0], remedy=remedy
        )
    if not path or path == ":memory:":
        remedy = "name a file: a ledger must outlive its process"
        raise InvalidInput("the ledger needs a file", field="HEED_DATABASE_URL", value=text, remedy=remedy)
    return Path(path).expanduser().absolute()
