"""Canonical JSON and digests: equal values have equal bytes."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

import numpy as np

Scalar = str | int | float | bool | None


def to_plain(value: object) -> object:
    """JSON-ready form of a heed value: mappings, lists, strings, numbers, booleans and None.

    Times become RFC 3339 in UTC with microseconds. A naive time is refused, because its moment is unknown.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"no canonical form for {type(value).__name__}")


def canonical_json(value: object) -> bytes:
    """Bytes of `value` with sorted keys and no white space; NaN and infinities are refused."""
    text = json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest(value: object) -> str:
    """SHA-256 of the canonical form, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def rfc3339(moment: datetime) -> str:
    """RFC 3339 text of an aware time, in UTC with microseconds and the suffix ``Z``."""
    if moment.tzinfo is None:
        raise ValueError(f"a time without an offset names no moment: {moment.isoformat()}")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
