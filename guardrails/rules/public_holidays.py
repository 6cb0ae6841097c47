"""Public holidays by jurisdiction, from the `holidays` package, which is imported only where a policy needs it."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache, partial
from importlib import import_module
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema

from heed.guardrails.field_types import Jurisdiction
from heed.guardrails.jurisdictions import canonical_code
from heed.guardrails.rules.schedule import Calendar


def calendar_of(jurisdictions: Iterable[str]) -> Calendar | None:
    """Whether a date is a public holiday in any of these jurisdictions, None where one of them is unknown.

    For a country, or a part of it without its own calendar, the holidays of all its parts count: the customer may live
    in any of them.
    """
    codes = tuple(canonical_code(code) or "" for code in jurisdictions)
    return partial(_falls, codes) if codes and all(is_known(code) for code in codes) else None


def is_known(jurisdiction: str) -> bool:
    """Whether there is a calendar for the country of a jurisdiction."""
    return jurisdiction.partition("-")[0] in _countries()


def _falls(codes: tuple[str, ...], day: date) -> bool:
    return any(day in _days(code, day.year) for code in codes)


@lru_cache(maxsize=2048)
def _days(code: str, year: int) -> frozenset[date]:
    library = _library()
    country, _, part = code.partition("-")
    parts = library.country_holidays(country).subdivisions
    subdivisions = (part,) if part in parts else (None, *parts)
    return frozenset(
        day for subdivision in subdivisions for day in library.country_holidays(country, subdiv=subdivision, years=year)
    )


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    return frozenset(_library().list_supported_countries())


def _library() -> Any:
    return import_module("holidays")


def _checked(code: str) -> str:
    if not is_known(code):
        raise ValueError(f"no public holidays are known for `{code}`")
    return code


def _kept(value: object) -> bool | tuple[str, ...]:
    if isinstance(value, bool):
        return value
    if not isinstance(value, list | tuple) or not value or not all(isinstance(country, str) for country in value):
        raise ValueError("value is neither true nor a list of countries")
    return tuple(_checked(str(country)) for country in value)


# True for the holidays of the customer's jurisdiction, a list for those of these countries for every customer.
Holidays = Annotated[
    bool | tuple[str, ...],
    PlainValidator(_kept),
    PlainSerializer(lambda kept: kept if isinstance(kept, bool) else list(kept)),
    WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]
WithHolidays = Annotated[
    tuple[Annotated[Jurisdiction, AfterValidator(_checked)], ...], Field(min_length=1, examples=["[DE, AT, CH]"])
]
