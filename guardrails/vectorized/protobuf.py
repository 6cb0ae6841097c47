"""A reader of the Protocol Buffers wire format that needs no schema.

The checked syntax tree of a condition comes as bytes of `cel.expr.CheckedExpr` (cel-spec, `cel/expr/checked.proto` and
`syntax.proto`), whose classes are not shipped with the library. The wire format is short: see
https://protobuf.dev/programming-guides/encoding/.
"""

from collections.abc import Iterator, Mapping

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTH = {_FIXED64: 8, _FIXED32: 4}
Message = Mapping[int, list[int | bytes]]


def message(data: bytes) -> Message:
    """Fields of a message by number, each with all its values: integers or raw bytes.

    Raises
    ------
    ValueError
        If the bytes are not a message.
    """
    fields: dict[int, list[int | bytes]] = {}
    for number, value in _values(data):
        fields.setdefault(number, []).append(value)
    return fields


def bytes_field(fields: Message, number: int) -> bytes:
    """The last value of a field that holds bytes, text or a message; empty where it is absent."""
    value = fields[number][-1] if number in fields else b""
    if isinstance(value, int):
        raise ValueError(f"field {number} holds a number")  # noqa: TRY004  it is the data that is wrong
    return value


def integer_field(fields: Message, number: int) -> int:
    """The last value of a field that holds a number, unsigned; 0 where it is absent."""
    value = fields[number][-1] if number in fields else 0
    return value if isinstance(value, int) else int.from_bytes(value, "little")


def repeated_field(fields: Message, number: int) -> list[bytes]:
    """All values of a field that holds bytes, text or messages."""
    return [value for value in fields.get(number, []) if isinstance(value, bytes)]


def signed_integer(value: int) -> int:
    """A varint as the 64-bit integer in two's complement that it stands for."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _values(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, place = _varint(data, place)
        elif kind in _WIDTH:
            length = _WIDTH[kind]
        else:
            raise ValueError(f"unknown kind of field {kind}")
        if place + length > len(data):
            raise ValueError("field is cut short")
        yield key >> 3, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("number is cut short")
