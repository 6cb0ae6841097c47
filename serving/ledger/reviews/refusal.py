"""A refusal that stays on record is returned by the job that recorded it, and raised to the one who asked."""

from typing import TypeVar

from heed.decisioning.errors import Refused

T = TypeVar("T")


def unless_refused(result: T | Refused) -> T:
    """The result of a job.

    Raises
    ------
    Refused
        If that is what the job returned.
    """
    if isinstance(result, Refused):
        raise result
    return result
