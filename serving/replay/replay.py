"""Replays a decision from its receipt and compares the answer with the one that was sent."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import ValidationError

from heed.decisioning.decide import decide
from heed.decisioning.decision import Decision, Explain
from heed.decisioning.errors import Conflict, InvalidInput
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.errors import ArtifactMissing, CustomerErased, Tampered
from heed.serving.ledger.decisions.read import DecisionRecord
from heed.serving.replay.artifacts import ArtifactResolver
from heed.serving.replay.receipt import Receipt, unpack
from heed.serving.schemas.responses import ChosenAction, DecisionAnswer, decision_answer, decode, encode


class Result(StrEnum):
    """What came of making one decision again."""

    SAME = "same"
    DIFFERENT = "different"
    GONE = "gone"
    UNREADABLE = "unreadable"
    ERASED = "erased"

    @property
    def failed(self) -> bool:
        """Whether the decision was not shown to come out the same, though it should."""
        return self not in {Result.SAME, Result.ERASED}


@dataclass(frozen=True)
class Replay:
    """One decision made again.

    Attributes
    ----------
    at : datetime or None
        None where the record of it cannot be opened.
    differences : tuple of str
        Names of the parts of the answer that came out otherwise.
    reason : str or None
        Why it could not be made again.
    """

    decision_id: str
    at: datetime | None
    result: Result
    differences: tuple[str, ...] = ()
    reason: str | None = None


class Record(Protocol):
    """The part of a ledger that a replay reads."""

    def get(self, decision_id: str) -> DecisionRecord:
        """One decision as recorded."""
        ...

    def receipt(self, decision_id: str) -> bytes:
        """The receipt of one decision."""
        ...


def replay(decisions: Record, pinned: ArtifactResolver, decision_id: str) -> Replay:
    """Decide again with the versions that decided, and compare the answer byte by byte with the one that was sent.

    Raises
    ------
    NotFound
        If there is no such decision.
    """
    at = None
    try:
        record = decisions.get(decision_id)
        at = record.at
        receipt = unpack(decisions.receipt(decision_id))
        changed = differences(receipt, pinned.of(receipt.versions), record.answer)
    except CustomerErased as erased:
        return Replay(decision_id, at, Result.ERASED, reason=erased.message)
    except ArtifactMissing as gone:
        return Replay(decision_id, at, Result.GONE, reason=str(gone))
    except (InvalidInput, Tampered) as error:
        return Replay(decision_id, at, Result.UNREADABLE, reason=str(error))
    return Replay(decision_id, at, Result.DIFFERENT if changed else Result.SAME, changed)


def redecide(receipt: Receipt, pinned: ActiveVersions) -> Decision:
    """Evaluate the receipt's facts with these versions.

    Raises
    ------
    Conflict
        If they are not those that decided.
    """
    if receipt.versions != pinned.versions:
        remedy = "load the model, the policy and the catalogue that the receipt names"
        raise Conflict("another version decided", field="versions", value=receipt.versions, remedy=remedy)
    named = receipt.request["candidates"]
    return decide(
        receipt.facts,
        pinned.offered(named if isinstance(named, list) else None, receipt.facts.now),
        scorer=pinned.scorer,
        guard=pinned.guard,
        currency=pinned.catalogue.currency,
        explain=Explain(str(receipt.request["explain"])),
    )


def rebuilt_answer(receipt: Receipt, pinned: ActiveVersions, answer: DecisionAnswer) -> DecisionAnswer:
    """The whole answer of the replayed decision, under the ids of the original.

    Whether the customer was known is taken from the original answer too, since facts do not hold it.
    """
    decision = redecide(receipt, pinned)
    return decision_answer(
        decision,
        decision_id=answer.decision_id,
        at=receipt.facts.now,
        customer_id=receipt.facts.customer.customer_id,
        customer_known=answer.customer_known,
        action=_action(decision, pinned, answer),
        review_id=answer.review_id,
        currency=pinned.catalogue.currency,
        level=pinned.level,
        versions=receipt.versions,
    )


def differences(receipt: Receipt, pinned: ActiveVersions, sent: bytes) -> tuple[str, ...]:
    """Names of the fields of the answer that come out otherwise than they were sent, to the last bit; empty for none.

    Raises
    ------
    Conflict
        If `pinned` is not what decided.
    InvalidInput
        If what was sent is no answer.
    """
    answer = _read(sent)
    rebuilt = rebuilt_answer(receipt, pinned, answer)
    if encode(rebuilt) == sent:
        return ()
    fields = DecisionAnswer.__dataclass_fields__
    named = tuple(name for name in fields if encode(getattr(rebuilt, name)) != encode(getattr(answer, name)))
    return named or ("bytes",)


def _action(decision: Decision, pinned: ActiveVersions, answer: DecisionAnswer) -> ChosenAction | None:
    if decision.action_id is None:
        return None
    slot = "" if answer.action is None else answer.action.reservation_id
    channel = pinned.catalogue.by_id[decision.action_id].channel
    return ChosenAction(decision.action_id, channel, decision.contact_point, slot)


def _read(sent: bytes) -> DecisionAnswer:
    try:
        return decode(sent)
    except ValidationError as error:
        raise InvalidInput("not an answer of a decision", field="answer", remedy="take it from the ledger") from error
