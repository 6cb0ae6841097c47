"""Read the record of decisions back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, desc, func, select, tuple_

from heed.decisioning.customer import ContactState
from heed.decisioning.decision import Disposition
from heed.decisioning.errors import NotFound
from heed.serving.errors import CustomerErased
from heed.serving.ledger.backend.repository import reads
from heed.serving.ledger.backend.times import from_micros, to_micros
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.encryption.data_keys import (
    ANSWER,
    KEYS_OF_PERSON,
    RECEIPT,
    decrypt,
    decrypt_text,
    erased_error,
    require_current_key,
)
from heed.serving.ledger.facts.customers import anybody, current_id, version
from heed.serving.ledger.schema import LIMIT, SINCE, contacts, data_keys, decisions, review_events, reviews, stops

NEWEST_FIRST = (desc(decisions.c.at), desc(decisions.c.decision_id))
OF_CUSTOMER = decisions.c.key_id.in_(KEYS_OF_PERSON)


@dataclass(frozen=True, slots=True)
class DecisionReceipt:
    """A decision as a comparison of policies needs it, with its receipt.

    Attributes
    ----------
    contacted_action_id : str or None
        The action of the slot that it, or its review, took; None where none was taken.
    receipt : bytes or None
        None once the customer was erased.
    """

    decision_id: str
    at: datetime
    disposition: Disposition
    action_id: str | None
    contacted_action_id: str | None
    policy_hash: str
    receipt: bytes | None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision as recorded, with where its slot and its review case stand now.

    Attributes
    ----------
    idempotency_key : str or None
        The keyed hash of it.
    customer_id, kept : str, bytes
        None once the customer was erased.
    contact_state : ContactState or None
        State of the slot taken by the decision or by its review; None where none was taken.
    review_id : str or None
        The review case it opened.
    """

    decision_id: str
    at: datetime
    client: str
    idempotency_key: str | None
    customer_id: str | None
    disposition: Disposition
    action_id: str | None
    proposed_action_id: str | None
    model_version: str
    policy_hash: str
    kept: bytes | None
    contact_state: ContactState | None
    review_id: str | None

    @property
    def answer(self) -> bytes:
        """The answer as it was sent.

        Raises
        ------
        CustomerErased
            If the customer was erased since.
        """
        if self.kept is None:
            raise CustomerErased(
                "the customer of this decision was erased", field="decision_id", value=self.decision_id
            )
        return self.kept


_RECORDED = select(
    decisions.c.decision_id,
    decisions.c.at,
    decisions.c.client,
    decisions.c.idempotency_key,
    data_keys.c.customer_id,
    decisions.c.disposition,
    decisions.c.action_id,
    decisions.c.proposed_action_id,
    decisions.c.model_version,
    decisions.c.policy_hash,
    decisions.c.answer,
    contacts.c.state,
    reviews.c.review_id,
).select_from(
    decisions.outerjoin(data_keys, data_keys.c.key_id == decisions.c.key_id)
    .outerjoin(contacts, contacts.c.decision_id == decisions.c.decision_id)
    .outerjoin(reviews, reviews.c.decision_id == decisions.c.decision_id)
)
_BY_ID = _RECORDED.where(decisions.c.decision_id == bindparam("decision_id"))


@reads()
def get_decision(transaction: Transaction, decision_id: str) -> DecisionRecord:
    """The decision of this id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = transaction.row(_BY_ID, {"decision_id": decision_id})
    if row is None:
        raise _no_decision(decision_id)
    return _record_from(transaction, row)


_RECEIPT = select(decisions.c.receipt).where(decisions.c.decision_id == bindparam("decision_id"))


@reads()
def receipt(transaction: Transaction, decision_id: str) -> bytes:
    """The receipt of the decision of this id.

    Raises
    ------
    NotFound
        If there is none.
    CustomerErased
        If its customer was erased.
    """
    row = transaction.row(_RECEIPT, {"decision_id": decision_id})
    if row is None:
        raise _no_decision(decision_id)
    content = decrypt(transaction, decision_id, RECEIPT, bytes(row[0]))
    if content is None:
        raise erased_error(decision_id)
    return content


_OLDER = tuple_(decisions.c.at, decisions.c.decision_id) < tuple_(bindparam("before_at"), bindparam("before_id"))
_ALL = _RECORDED.order_by(*NEWEST_FIRST).limit(LIMIT)
_ALL_OLDER = _RECORDED.where(_OLDER).order_by(*NEWEST_FIRST).limit(LIMIT)
_CUSTOMERS = _RECORDED.where(OF_CUSTOMER).order_by(*NEWEST_FIRST).limit(LIMIT)
_CUSTOMERS_OLDER = _RECORDED.where(OF_CUSTOMER, _OLDER).order_by(*NEWEST_FIRST).limit(LIMIT)


@reads()
def list_decisions(
    transaction: Transaction, customer_id: str | None = None, *, limit: int = 50, before: str | None = None
) -> tuple[DecisionRecord, ...]:
    """Decisions, newest first: of one customer or of all, and only those older than the decision `before`.

    Raises
    ------
    NotFound
        If there is no decision `before`.
    """
    values: dict[str, object] = {"limit": limit}
    if customer_id is not None:
        values["customer_id"] = current_id(transaction, customer_id)
    if before is not None:
        values |= {"before_at": to_micros(get_decision(transaction, before).at), "before_id": before}
    rows = transaction.rows(_statement(customer_id, before), values)
    return tuple(_record_from(transaction, row) for row in rows)


def _statement(customer_id: str | None, before: str | None) -> Select[Any]:
    if customer_id is None:
        return _ALL if before is None else _ALL_OLDER
    return _CUSTOMERS if before is None else _CUSTOMERS_OLDER


_WITH_RECEIPTS = (
    select(
        decisions.c.decision_id,
        decisions.c.at,
        decisions.c.disposition,
        decisions.c.action_id,
        contacts.c.action_id.label("contacted"),
        decisions.c.policy_hash,
        decisions.c.receipt,
    )
    .select_from(decisions.outerjoin(contacts, contacts.c.decision_id == decisions.c.decision_id))
    .where(decisions.c.at >= SINCE)
    .order_by(*NEWEST_FIRST)
    .limit(LIMIT)
)


@reads()
def list_receipts(transaction: Transaction, since: datetime, *, limit: int) -> tuple[DecisionReceipt, ...]:
    """Decisions made from `since` on with their receipts, newest first, at most `limit`."""
    rows = transaction.rows(_WITH_RECEIPTS, {"since": to_micros(since), "limit": limit})
    return tuple(_receipt_from(transaction, row) for row in rows)


def _receipt_from(transaction: Transaction, row: Row) -> DecisionReceipt:
    decision_id, at, disposition, action_id, contacted, policy_hash, stored = row
    content = decrypt(transaction, decision_id, RECEIPT, bytes(stored))
    return DecisionReceipt(
        decision_id, from_micros(at), Disposition(disposition), action_id, contacted, policy_hash, content
    )


_IDS = select(decisions.c.decision_id).where(decisions.c.at >= SINCE).order_by(*NEWEST_FIRST)


@reads()
def list_ids(transaction: Transaction, since: datetime) -> tuple[str, ...]:
    """Ids of the decisions made from `since` on, newest first."""
    return tuple(row[0] for row in transaction.rows(_IDS, {"since": to_micros(since)}))


def _record_from(transaction: Transaction, row: Row) -> DecisionRecord:
    answer = decrypt_text(transaction, row[0], ANSWER, row[10])
    return DecisionRecord(
        decision_id=row[0],
        at=from_micros(row[1]),
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


def _no_decision(decision_id: str) -> NotFound:
    return NotFound("no such decision", field="decision_id", value=decision_id)


# --- the whole ledger

_MOMENTS = (decisions.c.at, contacts.c.received_at, review_events.c.at, stops.c.at)
_NEWEST = tuple(select(func.max(column)).where(column <= bindparam("until")) for column in _MOMENTS)


@reads()
def newest_record(transaction: Transaction, until: datetime | None = None) -> datetime | None:
    """When the newest decision, slot, review or order was recorded, of those recorded by `until`; None for none."""
    bound = {"until": 2**62 if until is None else to_micros(until)}
    latest = [row[0] for statement in _NEWEST for row in transaction.rows(statement, bound) if row[0] is not None]
    return from_micros(max(latest)) if latest else None


@reads()
def is_empty(transaction: Transaction) -> bool:
    """Whether nobody is on record and nothing was decided."""
    return not anybody(transaction) and not transaction.rows(_ALL, {"limit": 1})


@reads()
def probe(transaction: Transaction) -> None:
    """Read something, so that a file that cannot be read says so, and one whose key was rotated as well."""
    version(transaction, "")
    require_current_key(transaction)
