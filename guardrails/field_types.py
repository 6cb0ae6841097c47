"""Field types of policies: frozen, strict models and annotated types with an example for each."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from heed.decisioning.normalize import normalize_name
from heed.guardrails.jurisdictions import canonical_code

# The ledger provides 92 days of contacts, so a longer window would count too few.
MAX_WINDOW = timedelta(days=90)
MAX_TERM = timedelta(days=36_500)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DURATION = re.compile(r"([1-9]\d{0,5})([mhdw])")
_LOCAL_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


class StrictModel(BaseModel):
    """A frozen model that rejects unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def parse_duration(text: object) -> timedelta:
    """Read a length of real time such as ``90m``, ``24h``, ``7d`` or ``4w``.

    Raises
    ------
    ValueError
        If it is not a length of time, or exceeds the contact history that rules can see (90 days).
    """
    length = _length(text)
    if length > MAX_WINDOW:
        raise ValueError("value is longer than the 90 days of history that rules can see")
    return length


def parse_term(text: object) -> timedelta:
    """Read a length of real time that needs no contact history, such as ``730d`` of validity for a consent.

    Raises
    ------
    ValueError
        If it is not a length of time, or exceeds a hundred years.
    """
    length = _length(text)
    if length > MAX_TERM:
        raise ValueError("value is longer than a hundred years")
    return length


def _length(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError("value is not a length of time")
    return int(match[1]) * _UNITS[match[2]]


def format_duration(length: timedelta) -> str:
    """Shortest text of a length, in the largest unit that divides it: ``7d`` rather than ``168h``."""
    unit = next(unit for unit in ("d", "h", "m") if not length % _UNITS[unit])
    return f"{length // _UNITS[unit]}{unit}"


def parse_minute_of_day(text: object) -> int:
    """Read a local time such as ``20:00`` as minutes since midnight, in [0, 1440]; ``24:00`` ends the day.

    Raises
    ------
    ValueError
        If it is not a time of day.
    """
    if isinstance(text, int) and not isinstance(text, bool) and 0 <= text <= 24 * 60:
        return text
    if not isinstance(text, str) or _LOCAL_TIME.fullmatch(text) is None:
        raise ValueError("value is not a time of day")
    hours, minutes = text.split(":")
    return 60 * int(hours) + int(minutes)


def format_minute(minute: int) -> str:
    """Local time of a minute of the day, as in ``20:00``."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _place(code: str) -> str:
    spelt = canonical_code(code)
    if spelt is None:
        raise ValueError("value is not a known place")
    return spelt


Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(min_length=1)]
# Channels, purposes and categories, normalized as in facts and catalogues.
NormalizedName = Annotated[Name, AfterValidator(normalize_name)]
NormalizedNames = Annotated[tuple[NormalizedName, ...], Field(min_length=1)]
RuleId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80, examples=["email-weekly-cap"])]
Jurisdiction = Annotated[
    str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", examples=["DE", "US-CA"]), AfterValidator(_place)
]
Money = Annotated[float, Field(strict=True, allow_inf_nan=False)]
UnitInterval = Annotated[float, Field(strict=True, ge=0, le=1)]
NonNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
]
LongDuration = Annotated[
    timedelta,
    BeforeValidator(parse_term),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
]
LocalTime = Annotated[
    int,
    BeforeValidator(parse_minute_of_day),
    PlainSerializer(format_minute, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^({_LOCAL_TIME.pattern})$"}),
]
