"""Types of request fields: how each is validated, and how /docs describes it."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, GetCoreSchemaHandler, GetPydanticSchema
from pydantic.config import JsonDict
from pydantic_core import CoreSchema

from heed.decisioning.normalize import normalize_name

# Ids and names are compared, and read by people: none may contain invisible characters, so that two that look the same
# are the same. These are Unicode's controls, its line and paragraph separators, and Default_Ignorable (UAX #44):
# zero-width, direction, variation and filler characters, and tags.
_UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb" + f"{chr(0x1BCA0)}-{chr(0x1BCA3)}{chr(0x1D173)}-{chr(0x1D17A)}"
    f"{chr(0xE0000)}-{chr(0xE0FFF)}"
)
_SEEN = f"^[^{_UNSEEN}]+$"
_SEEN_AND_NOT_BLANK = rf"^[^{_UNSEEN}]*[^\s{_UNSEEN}][^{_UNSEEN}]*$"

Id = Annotated[str, Field(min_length=1, max_length=200, pattern=_SEEN)]
# One person must not count as two for caps, withdrawals and objections because two systems spell an address or an id
# differently: customers and contact points are normalized wherever they come in.
PersonId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=_SEEN_AND_NOT_BLANK,
        description="Normalized: case, surrounding space and Unicode form are ignored.",
    ),
    AfterValidator(normalize_name),
]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=_SEEN)]
# Rules compare channels, purposes, categories and types exactly, so they are normalized.
Word = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=_SEEN_AND_NOT_BLANK,
        description="Normalized: case and surrounding space are ignored.",
    ),
    AfterValidator(normalize_name),
]


def integral(sent: object) -> object:
    """Turn a number without a fraction into an integer."""
    return int(sent) if isinstance(sent, float) and sent.is_integer() else sent


# JSON has one kind of number, so 3.0 is an integer too.
Counter = Annotated[int, Field(ge=1, le=2**53), BeforeValidator(integral)]


def _one_fault(kind: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    """Report one fault for a value that fits no type of a union, where pydantic reports one for each type."""
    schema: Any = handler(kind)
    message = "a value is a text of at most 1000 characters, a finite number, true, false or null"
    schema["schema"].update(custom_error_type="no_value", custom_error_message=message)
    return schema  # type: ignore[no-any-return]


# Booleans before numbers and no coercion: `true` stays a boolean and "1" stays a text.
Value = Annotated[
    Annotated[bool, Field(strict=True)]
    | Annotated[int, Field(strict=True, ge=-(2**53), le=2**53)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False)]
    | Annotated[str, Field(strict=True, max_length=1000)]
    | None,
    GetPydanticSchema(_one_fault),
]


def _names_described(schema: JsonDict) -> None:
    """Describe which names are allowed. Pydantic's own schema allows any other name, with any value."""
    allowed = schema.pop("patternProperties")
    if isinstance(allowed, dict):
        (pattern, value), *_ = allowed.items()
        names: JsonDict = {"minLength": 1, "maxLength": 100, "pattern": pattern}
        schema.update(propertyNames=names, additionalProperties=value)


Values = Annotated[dict[Name, Value], Field(max_length=500, json_schema_extra=_names_described)]
Text = Annotated[str, Field(max_length=2000)]
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _written(value: object) -> datetime:
    """Parse RFC 3339 and nothing else: no numbers, no dates, no times without an offset."""
    if not isinstance(value, str) or _RFC3339.fullmatch(value) is None:
        raise ValueError("a time is text such as 2026-03-01T09:30:00+01:00 (RFC 3339, with an offset)")
    return datetime.fromisoformat(value.upper())


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time whose UTC form lies outside the years 1 to 9999") from error


Moment = Annotated[AwareDatetime, BeforeValidator(_written, json_schema_input_type=datetime), AfterValidator(_in_utc)]
