"""What the ledger keeps of one decision, so that it can be decided again."""

import zlib
from dataclasses import dataclass

import orjson

from decisioning.customer import Facts
from serving.answer import Versions
from serving.requests import DecideRequest

FORMAT = 1
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
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
