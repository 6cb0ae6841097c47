"""Time zones by their IANA names."""

from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

# These names stand for the machine's own zone, or for none.
_NO_PLACES = frozenset({"localtime", "Factory", "posixrules"})


def zone_or_none(name: str | None) -> ZoneInfo | None:
    """The zone of this name, None where there is none."""
    return None if name is None else _zone(name)


def parse_zone(name: str) -> ZoneInfo:
    """The zone of this name.

    Raises
    ------
    ValueError
        If there is none.
    """
    result = _zone(name)
    if result is None:
        raise ValueError("value is not a time zone")
    return result


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return None if name in _NO_PLACES else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _name(text: str) -> str:
    return parse_zone(text).key


ZoneName = Annotated[str, AfterValidator(_name)]
