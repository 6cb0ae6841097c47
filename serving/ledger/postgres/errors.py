"""What an error of PostgreSQL means to the caller, and what to do about it.

Messages of the database are told by their code and first line alone: details quote values, which are personal data.
"""

import psycopg
from psycopg import errors

from heed.decisioning.errors import HeedError, InvalidInput, Unavailable


def is_connection_lost(error: Exception) -> bool:
    """Whether the connection is gone, rather than the statement refused."""
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    )


_RETRYABLE = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)


def is_retryable(error: Exception) -> bool:
    """Whether the database undid a transaction that may well succeed when it is run again."""
    return isinstance(error, _RETRYABLE)


_REMEDIES = {
    "08": "check that PostgreSQL runs and that `HEED_DATABASE_URL` names it",
    "28": "check user and password in `HEED_DATABASE_URL`",
    "3D": "create the database that `HEED_DATABASE_URL` names",
    "42501": "grant the user of `HEED_DATABASE_URL` the tables of the ledger",
    "42": "run `heed db upgrade`",
    "25006": "point `HEED_DATABASE_URL` at the primary, which takes writes",
    "53100": "free space on the disk of PostgreSQL",
    "53300": "raise `max_connections` of PostgreSQL, or run fewer workers",
    "53": "give PostgreSQL more of what it lacks",
    "55P03": "ask again in a moment; another request is at work on the same customer",
    "57014": "ask again in a moment; PostgreSQL took too long",
}


def unavailable_error(error: psycopg.Error) -> Unavailable:
    """The error for a caller, with a remedy for the faults that have one."""
    code = error.sqlstate or ("08000" if isinstance(error, psycopg.OperationalError) else "")
    remedy = next((text for start, text in _REMEDIES.items() if code.startswith(start)), "look at PostgreSQL's log")
    name = type(error).__name__ if error.sqlstate is None else f"{error.sqlstate} {type(error).__name__}"
    return Unavailable(f"the ledger cannot be used ({name}: {_first_line(error)})", field="ledger", remedy=remedy)


def unknown_outcome_error() -> Unavailable:
    """The error for a job whose COMMIT was sent and not answered."""
    return Unavailable(
        "PostgreSQL did not say whether the transaction was recorded",
        field="ledger",
        remedy="ask again with the same Idempotency-Key or the same ids: what was recorded is not recorded twice",
    )


def overloaded_error() -> Unavailable:
    """The error for a job that was never begun."""
    return Unavailable(
        "the ledger is busy; nothing was recorded", field="ledger", remedy="ask again in a moment, or run more workers"
    )


def error_for_caller(error: Exception) -> Exception:
    """What to tell the one who waits for a job that ended in `error`."""
    if isinstance(error, HeedError) or not isinstance(error, psycopg.Error | UnicodeEncodeError | StopIteration):
        return error
    result: Exception
    if isinstance(error, psycopg.IntegrityError):
        result = InvalidInput("the record breaks a rule of the ledger", value=_broken_constraint(error))
    elif isinstance(error, psycopg.DataError | UnicodeEncodeError):
        result = InvalidInput("the record holds what no database takes", remedy="leave out NUL and lone surrogates")
    elif isinstance(error, psycopg.Error):
        result = unavailable_error(error)
    else:
        # A future refuses a StopIteration.
        result = RuntimeError("a ledger job ended in StopIteration")
    result.__cause__ = error
    return result


def _broken_constraint(error: psycopg.Error) -> str:
    return error.diag.constraint_name or _first_line(error)


def _first_line(error: psycopg.Error) -> str:
    return (error.diag.message_primary or str(error)).partition("\n")[0]
