"""What a JSON text may say in two ways, of which two readers take one each (RFC 8259, 4 and 6; RFC 7493)."""

import json
from collections import Counter

from heed.decisioning.errors import InvalidInput, shorten

_EXACT = 2**53
# No whole number up to 2**53 has more characters.
_DIGITS = 17


class _Inexact:
    """In the place of a whole number that a reader with binary64 numbers would change."""


_INEXACT = _Inexact()


def reject_ambiguous_json(content: bytes) -> None:
    """Refuse a JSON text in which an object names a member twice, or a whole number lies beyond 2**53.

    Raises
    ------
    InvalidInput
        Naming the member.
    """
    try:
        json.loads(content, object_pairs_hook=_object, parse_int=_whole)
    except ValueError as error:
        remedy = "send one JSON object in UTF-8"
        raise InvalidInput("the body cannot be read in one way only", field="body", remedy=remedy) from error


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        raise InvalidInput("a member comes twice", field=_twice(members), remedy="send it once")
    for name, value in members:
        if value is _INEXACT:
            remedy = "send it as text, or with a fraction or an exponent if it need not be exact"
            raise InvalidInput("a whole number beyond 2^53 is not exact in JSON", field=shorten(name), remedy=remedy)
    return found


def _twice(members: list[tuple[str, object]]) -> str:
    counts = Counter(name for name, _ in members)
    return shorten(counts.most_common(1)[0][0])


def _whole(digits: str) -> object:
    return int(digits) if len(digits) <= _DIGITS and abs(int(digits)) <= _EXACT else _INEXACT
