"""JSON that parsers read in different ways is refused (RFC 8259, 4 and 6; RFC 7493)."""

import json
from collections import Counter

from heed.decisioning.errors import InvalidInput, shorten

_EXACT = 2**53
# No integer up to 2**53 has more characters.
_DIGITS = 17


class _Inexact:
    """Stands for an integer that a parser with binary64 numbers would change."""


_INEXACT = _Inexact()


def reject_ambiguous_json(content: bytes) -> None:
    """Refuse a JSON text with a duplicate key, or an integer beyond 2**53.

    Raises
    ------
    InvalidInput
        Naming the key.
    """
    try:
        json.loads(content, object_pairs_hook=_object, parse_int=_integer)
    except ValueError as error:
        remedy = "send one JSON object in UTF-8"
        raise InvalidInput("the body is not unambiguous JSON", field="body", remedy=remedy) from error


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(members)
    if len(content) < len(members):
        raise InvalidInput("duplicate JSON key", field=_duplicate(members), remedy="send it once")
    for name, value in members:
        if value is _INEXACT:
            remedy = "send it as a string, or with a fraction or exponent if it need not be exact"
            raise InvalidInput("an integer beyond 2^53 is not exact in JSON", field=shorten(name), remedy=remedy)
    return content


def _duplicate(members: list[tuple[str, object]]) -> str:
    counts = Counter(name for name, _ in members)
    return shorten(counts.most_common(1)[0][0])


def _integer(digits: str) -> object:
    return int(digits) if len(digits) <= _DIGITS and abs(int(digits)) <= _EXACT else _INEXACT
