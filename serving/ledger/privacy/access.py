"""Everything that is held about one customer, in a form that other systems can read (GDPR, Articles 15 and 20)."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, Table, bindparam, select

from heed.decisioning.errors import NotFound
from heed.serving.ledger.backend.repository import reads_now
from heed.serving.ledger.backend.times import from_micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.decisions.read import OF_CUSTOMER
from heed.serving.ledger.encryption.data_keys import ANSWER, PAYLOAD, RECEIPT, decrypt, decrypt_text, get_key
from heed.serving.ledger.encryption.pii import decrypt_columns
from heed.serving.ledger.facts.customers import all_ids, current_id
from heed.serving.ledger.outbox import attempts_of
from heed.serving.ledger.reviews import ReviewCase, cases_of, events_of
from heed.serving.ledger.schema import (
    OF_WHOM,
    consents,
    contact_points,
    contacts,
    customers,
    decisions,
    objections,
    objectors,
    outbox,
    outcomes,
    pick,
    signals,
    suppressions,
)

Rows = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Export:
    """What is held about one customer.

    Attributes
    ----------
    customer_ids : sequence of str
        The id that the customer goes by, and those of others who turned out to be the same.
    at : datetime
        When this was read.
    profiles : sequence of mapping
        One for each id.
    decisions : sequence of mapping
        Each with its answer, reasons in words included, and the receipt: all that the decision looked at, as the
        compressed JSON of `serving.replay.receipt`, in base64.
    """

    customer_ids: Sequence[str]
    at: datetime
    profiles: Rows
    contact_points: Rows
    consents: Rows
    suppressions: Rows
    signals: Rows
    contacts: Rows
    outcomes: Rows
    objections: Rows
    decisions: Rows
    reviews: Rows
    messages: Rows


@reads_now()
def export_customer(transaction: Transaction, now: datetime, customer_id: str) -> Export:
    """Everything on record under all ids of the customer.

    Raises
    ------
    NotFound
        If that is nothing.
    """
    ids = all_ids(transaction, current_id(transaction, customer_id))
    decided = _decisions(transaction, ids[0])
    profiles = _rows(transaction, customers, ids)
    if not profiles and not decided:
        raise NotFound("no such customer", field="customer_id")
    return Export(
        customer_ids=ids,
        at=now,
        profiles=profiles,
        contact_points=_rows(transaction, contact_points, ids),
        consents=_rows(transaction, consents, ids),
        suppressions=_rows(transaction, suppressions, ids),
        signals=_rows(transaction, signals, ids),
        contacts=_rows(transaction, contacts, ids),
        outcomes=_rows(transaction, outcomes, ids),
        objections=_objections(transaction, ids),
        decisions=decided,
        reviews=[_case(transaction, case) for known_as in ids for case in cases_of(transaction, now, known_as)],
        messages=_messages(transaction, ids),
    )


_ROWS: Mapping[str, Select[Any]] = {
    table.name: select(table).where(table.c.customer_id == OF_WHOM).order_by(*table.primary_key.columns)
    for table in (customers, contact_points, consents, suppressions, signals, contacts, outcomes)
}


def _rows(transaction: Transaction, table: Table, ids: Sequence[str]) -> Rows:
    return [row for customer_id in ids for row in _rows_of(transaction, table, customer_id)]


def _rows_of(transaction: Transaction, table: Table, customer_id: str) -> Iterator[dict[str, object]]:
    kind, own_id = table.name.removesuffix("s"), next(iter(table.primary_key.columns)).name
    key = get_key(transaction, customer_id)
    for row in transaction.rows(_ROWS[table.name], {"customer_id": customer_id}):
        columns = dict(zip(table.c.keys(), row, strict=True))
        yield _with_moments(decrypt_columns(key, kind, str(columns[own_id]), columns))


_TIMES = {"at", "until"} | {
    f"{done}_at"
    for done in ("recorded", "received", "expires", "created", "reported", "retired", "delivered", "withdrawn")
}


def _with_moments(columns: Mapping[str, object]) -> dict[str, object]:
    return {
        name: from_micros(value) if name in _TIMES and isinstance(value, int) else value
        for name, value in columns.items()
    }


def _named(columns: Sequence[str], row: Sequence[object]) -> dict[str, object]:
    return _with_moments(dict(zip(columns, row, strict=True)))


_OBJECTIONS = (
    pick(objections, "objection_id recorded_at received_at")
    .join(objectors, objectors.c.objection_id == objections.c.objection_id)
    .where(objectors.c.customer == bindparam("subject"))
    .order_by(objections.c.recorded_at, objections.c.objection_id)
)


def _objections(transaction: Transaction, ids: Sequence[str]) -> Rows:
    columns = ("objection_id", "recorded_at", "received_at")
    subjects = [{"subject": transaction.key_ring.hash_customer(customer_id)} for customer_id in ids]
    rows = [row for subject in subjects for row in transaction.rows(_OBJECTIONS, subject)]
    return [_named(columns, row) for row in dict.fromkeys(rows)]


_DECISIONS = (
    pick(decisions, "decision_id at answer receipt")
    .where(OF_CUSTOMER)
    .order_by(decisions.c.at, decisions.c.decision_id)
)


def _decisions(transaction: Transaction, customer_id: str) -> Rows:
    return [_decision(transaction, *row) for row in transaction.rows(_DECISIONS, {"customer_id": customer_id})]


def _decision(transaction: Transaction, decision_id: str, at: int, answer: str, receipt: bytes) -> dict[str, object]:
    plain_answer = decrypt_text(transaction, decision_id, ANSWER, answer)
    plain_receipt = decrypt(transaction, decision_id, RECEIPT, bytes(receipt))
    return {
        "decision_id": decision_id,
        "at": from_micros(at),
        "answer": None if plain_answer is None else _parsed(plain_answer),
        "receipt": None if plain_receipt is None else b64encode(plain_receipt).decode(),
    }


def _case(transaction: Transaction, case: ReviewCase) -> dict[str, object]:
    events = [{"at": event.at, "event": event.event, "detail": event.detail} for event in events_of(transaction, case)]
    return {
        "review_id": case.review_id,
        "decision_id": case.decision_id,
        "proposed_action_id": case.proposed_action_id,
        "opened_at": case.opened_at,
        "resolved_at": case.resolved_at,
        "resolution_action_id": case.resolution_action_id,
        "note": case.note,
        "state": case.state.value,
        "events": events,
    }


_MESSAGE = "outbox_id decision_id action_id created_at delivered_at withdrawn_at payload"
_MESSAGES = (
    pick(outbox, _MESSAGE)
    .join(contacts, contacts.c.contact_id == outbox.c.contact_id)
    .where(contacts.c.customer_id == OF_WHOM)
    .order_by(outbox.c.outbox_id)
)


def _messages(transaction: Transaction, ids: Sequence[str]) -> Rows:
    rows = [row for customer_id in ids for row in transaction.rows(_MESSAGES, {"customer_id": customer_id})]
    return [
        {
            **_named(_MESSAGE.split(), row),
            "payload": _parsed(decrypt_text(transaction, row[1], PAYLOAD, row[6])),
            # To whom it was handed is a part of what a person may know (Article 15(1)(c)).
            "attempts": [asdict(attempt) for attempt in attempts_of(transaction, row[0])],
        }
        for row in rows
    ]


def _parsed(text: str | None) -> object:
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
