"""What an error of SQLite means to the caller of the ledger, and what to do about it."""

import sqlite3

from heed.decisioning.errors import InvalidInput, Unavailable


class FileReplaced(sqlite3.OperationalError):
    """The file that is written to is no longer the one at the ledger's path."""


_REMEDIES = {
    "SQLITE_FULL": "free space on the disk that holds the ledger",
    "SQLITE_READONLY": "make the ledger's file and folder writable for this process",
    "SQLITE_CANTOPEN": "check that the ledger's path exists and is readable, or create it with `heed db upgrade`",
    "SQLITE_BUSY": "end the other process that writes to the ledger's file",
    "SQLITE_LOCKED": "end the other process that writes to the ledger's file",
    "SQLITE_IOERR": "check the disk that holds the ledger",
    "SQLITE_CORRUPT": "restore the ledger from a backup",
    "SQLITE_NOTADB": "point `HEED_DATABASE_URL` at a ledger made by `heed db upgrade`",
}


def unavailable_error(error: sqlite3.Error) -> Unavailable:
    """The error for a caller, with a remedy for the faults that have one."""
    name = str(getattr(error, "sqlite_errorname", None) or type(error).__name__)
    if isinstance(error, FileReplaced):
        return Unavailable(str(error), field="ledger", remedy="put the file back, then start heed again")
    remedy = next((text for start, text in _REMEDIES.items() if name.startswith(start)), "look at the service's log")
    return Unavailable(f"the ledger cannot be used ({name}: {error})", field="ledger", remedy=remedy)


def error_for_caller(error: Exception) -> Exception:
    """What to tell the one who waits for a job that ended in `error`."""
    if isinstance(error, sqlite3.IntegrityError):
        result: Exception = InvalidInput("the record breaks a rule of the ledger", value=error)
    elif isinstance(error, sqlite3.Error):
        result = unavailable_error(error)
    elif isinstance(error, StopIteration):
        # A future refuses a StopIteration, and one that is never settled would keep its caller waiting for ever.
        result = RuntimeError("a ledger job ended in StopIteration")
    else:
        return error
    result.__cause__ = error
    return result
