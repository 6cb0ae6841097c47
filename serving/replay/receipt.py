"""The receipt of a decision: its inputs and versions, stored so that it can be replayed."""

import zlib
from dataclasses import dataclass
from functools import cache

import orjson
from pydantic import TypeAdapter, ValidationError

from heed.decisioning.customer import Facts
from heed.decisioning.errors import InvalidInput
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.schemas.responses import Versions

# 1 knew neither outcomes, objections, topics nor volumes; facts of 1 are read as if there were none.
FORMAT = 2
_READ = (1, FORMAT)
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS


@dataclass(frozen=True)
class Receipt:
    """Inputs and versions of one decision. What it must come to again is the answer, which the ledger keeps beside it.

    Attributes
    ----------
    format : int
        Version of this form.
    request : mapping
        What the caller sent.
    facts : Facts
        All that the decision looked at.
    versions : Versions
        Model, policy and catalogue.
    """

    format: int
    request: dict[str, object]
    facts: Facts
    versions: Versions


def pack(facts: Facts, request: DecideRequest, versions: Versions) -> bytes:
    """The receipt as compressed JSON with sorted keys."""
    receipt = Receipt(FORMAT, request.model_dump(mode="json"), facts, versions)
    return zlib.compress(orjson.dumps(receipt, option=_OPTIONS), level=1)


def unpack(packed: bytes) -> Receipt:
    """The receipt that :func:`pack` wrote, equal to what it was given.

    Raises
    ------
    InvalidInput
        If it is no receipt, or one of another format.
    """
    try:
        receipt = _adapter().validate_json(zlib.decompress(packed))
    except (zlib.error, ValidationError) as error:
        raise InvalidInput("not a receipt of a decision", field="receipt", remedy="take it from the ledger") from error
    if receipt.format not in _READ:
        remedy = f"this heed reads formats {_READ[0]} and {_READ[1]}"
        raise InvalidInput("the receipt has another format", field="format", value=receipt.format, remedy=remedy)
    return receipt


@cache
def _adapter() -> TypeAdapter[Receipt]:
    return TypeAdapter(Receipt)
