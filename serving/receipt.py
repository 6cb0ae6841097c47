"""What the ledger keeps of one decision, so that it can be decided again."""

import hashlib
import zlib
from dataclasses import dataclass

import orjson

from decisioning.customer import Facts
from decisioning.decision import Decision
from serving.answer import Versions
from serving.requests import DecideRequest

FORMAT = 1
_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Receipt:
    """Inputs, versions and digest of one decision.

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
    decision : str
        SHA-256 of the decision, explanations included.
    """

    format: int
    request: dict[str, object]
    facts: Facts
    versions: Versions
    decision: str


def pack(facts: Facts, request: DecideRequest, decision: Decision, versions: Versions) -> bytes:
    """The receipt as compressed JSON with sorted keys."""
    receipt = Receipt(FORMAT, request.model_dump(mode="json"), facts, versions, decision_digest(decision))
    return zlib.compress(orjson.dumps(receipt, option=_OPTIONS), level=1)


def decision_digest(decision: Decision) -> str:
    """SHA-256 over everything the decision says, to the last bit of every number."""
    return hashlib.sha256(orjson.dumps(decision, option=_OPTIONS)).hexdigest()
