"""Reading the record of decisions back."""

from datetime import datetime
from typing import Any

from sqlalchemy import Select

from heed.decisioning.customer import ContactState
from heed.decisioning.decision import Disposition
from heed.decisioning.errors import NotFound
from heed.serving.ledger.backend.times import micros, moment
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.encryption.data_keys import (
    ANSWER,
    RECEIPT,
    decrypt,
    decrypt_text,
    erased_error,
    require_present_key,
)
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.queries.customers import ANYBODY, VERSION
from heed.serving.ledger.queries.decisions import (
    DECIDED_SINCE,
    DECISION,
    DECISIONS,
    DECISIONS_BEFORE,
    DECISIONS_OF,
    DECISIONS_OF_BEFORE,
    RECEIPT_OF,
    RECORDED,
)
from heed.serving.ledger.queries.newest import NEWEST
from heed.serving.ledger.records import DecisionReceipt, DecisionRecord


def decision(transaction: Transaction, decision_id: str) -> DecisionRecord:
    """The decision of this id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = transaction.row(DECISION, {"decision_id": decision_id})
    if row is None:
        raise _no_decision(decision_id)
    return _recorded(transaction, row)


def receipt(transaction: Transaction, decision_id: str) -> bytes:
    """The receipt of the decision of this id.

    Raises
    ------
    NotFound
        If there is none.
    Erased
        If its customer was erased.
    """
    row = transaction.row(RECEIPT_OF, {"decision_id": decision_id})
    if row is None:
        raise _no_decision(decision_id)
    found = decrypt(transaction, decision_id, RECEIPT, bytes(row[0]))
    if found is None:
        raise erased_error(decision_id)
    return found


def decisions(
    transaction: Transaction, customer_id: str | None, limit: int, before: str | None
) -> tuple[DecisionRecord, ...]:
    """Decisions, newest first: of one customer or of all, and only those older than the decision `before`.

    Raises
    ------
    NotFound
        If there is no decision `before`.
    """
    values: dict[str, object] = {"limit": limit}
    if customer_id is not None:
        values["customer_id"] = present_id(transaction, customer_id)
    if before is not None:
        values |= {"before_at": micros(decision(transaction, before).at), "before_id": before}
    return tuple(_recorded(transaction, row) for row in transaction.rows(_page(customer_id, before), values))


def recorded(transaction: Transaction, since: datetime, limit: int) -> tuple[DecisionReceipt, ...]:
    """Decisions made from `since` on with their receipts, newest first, at most `limit`."""
    rows = transaction.rows(RECORDED, {"since": micros(since), "limit": limit})
    return tuple(
        DecisionReceipt(own_id, moment(at), Disposition(disposition), action_id, contacted, policy, receipt)
        for own_id, at, disposition, action_id, contacted, policy, kept in rows
        for receipt in (decrypt(transaction, own_id, RECEIPT, bytes(kept)),)
    )


def decided_since(transaction: Transaction, since: datetime) -> tuple[str, ...]:
    """Ids of the decisions made from `since` on, newest first."""
    return tuple(row[0] for row in transaction.rows(DECIDED_SINCE, {"since": micros(since)}))


def empty(transaction: Transaction) -> bool:
    """Whether nobody is on record and nothing was decided."""
    return transaction.row(ANYBODY, {}) is None and not transaction.rows(DECISIONS, {"limit": 1})


def newest(transaction: Transaction, until: datetime | None) -> datetime | None:
    """When the newest decision, slot, review or order was recorded, of those recorded by `until`."""
    bound = {"until": 2**62 if until is None else micros(until)}
    found = [row[0] for one in NEWEST for row in transaction.rows(one, bound) if row[0] is not None]
    return moment(max(found)) if found else None


def probe(transaction: Transaction) -> None:
    """Read something, so that a file that cannot be read says so, and one that was given another key as well."""
    transaction.row(VERSION, {"customer_id": ""})
    require_present_key(transaction)


def _no_decision(decision_id: str) -> NotFound:
    return NotFound("no such decision", field="decision_id", value=decision_id)


def _page(customer_id: str | None, before: str | None) -> Select[Any]:
    if customer_id is None:
        return DECISIONS if before is None else DECISIONS_BEFORE
    return DECISIONS_OF if before is None else DECISIONS_OF_BEFORE


def _recorded(transaction: Transaction, row: Row) -> DecisionRecord:
    answer = decrypt_text(transaction, row[0], ANSWER, row[10])
    return DecisionRecord(
        decision_id=row[0],
        at=moment(row[1]),
        client=row[2],
        idempotency_key=row[3],
        customer_id=row[4],
        disposition=Disposition(row[5]),
        action_id=row[6],
        proposed_action_id=row[7],
        model_version=row[8],
        policy_hash=row[9],
        kept=None if answer is None else answer.encode(),
        contact_state=None if row[11] is None else ContactState(row[11]),
        review_id=row[12],
    )
