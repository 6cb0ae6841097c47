"""Everything that is held about one customer, in a form that other systems can read (GDPR, Articles 15 and 20)."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
from sqlalchemy import Table

from heed.decisioning.errors import NotFound
from heed.serving.ledger.backend.times import moment
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import ANSWER, PAYLOAD, RECEIPT, decrypt, decrypt_text, get_key
from heed.serving.ledger.encryption.pii import readable
from heed.serving.ledger.facts.identity import present_id
from heed.serving.ledger.outbox.messages import attempt_of
from heed.serving.ledger.queries.erasing import ALIASES
from heed.serving.ledger.queries.exporting import (
    DECISIONS_OF_PERSON,
    EVENTS_OF_CASE,
    MESSAGES_OF_PERSON,
    OBJECTIONS_OF,
    ROWS_OF,
)
from heed.serving.ledger.queries.handing import ATTEMPTS
from heed.serving.ledger.queries.reviews import CASES_OF
from heed.serving.ledger.reviews.cases import ReviewCase
from heed.serving.ledger.reviews.transitions import case_of, event_detail
from heed.serving.ledger.tables.happenings import contacts, outcomes, signals
from heed.serving.ledger.tables.people import consents, contact_points, customers, suppressions

Rows = Sequence[Mapping[str, object]]

_TIMES = {"at", "until"} | {
    f"{done}_at"
    for done in ("recorded", "received", "expires", "created", "reported", "retired", "delivered", "withdrawn")
}


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
        compressed JSON of `heed.serving.replay.receipt`, in base64.
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


def exported(transaction: Transaction, now: datetime, customer_id: str) -> Export:
    """Everything on record under all ids of the customer.

    Raises
    ------
    NotFound
        If that is nothing.
    """
    present = present_id(transaction, customer_id)
    names = [present, *(row[0] for row in transaction.rows(ALIASES, {"customer_id": present}))]
    decisions = _decisions(transaction, present)
    profiles = _rows(transaction, customers, names)
    if not profiles and not decisions:
        raise NotFound("no such customer", field="customer_id")
    return Export(
        customer_ids=names,
        at=now,
        profiles=profiles,
        contact_points=_rows(transaction, contact_points, names),
        consents=_rows(transaction, consents, names),
        suppressions=_rows(transaction, suppressions, names),
        signals=_rows(transaction, signals, names),
        contacts=_rows(transaction, contacts, names),
        outcomes=_rows(transaction, outcomes, names),
        objections=_objections(transaction, names),
        decisions=decisions,
        reviews=[_case(transaction, now, row) for name in names for row in transaction.rows(CASES_OF, _who(name))],
        messages=_messages(transaction, names),
    )


def _who(customer_id: str) -> dict[str, object]:
    return {"customer_id": customer_id}


def _rows(transaction: Transaction, table: Table, names: Sequence[str]) -> Rows:
    return [row for name in names for row in _rows_of(transaction, table, name)]


def _rows_of(transaction: Transaction, table: Table, name: str) -> Iterator[dict[str, object]]:
    kind, own_id = table.name.removesuffix("s"), next(iter(table.primary_key.columns)).name
    key = get_key(transaction, name)
    for row in transaction.rows(ROWS_OF[table.name], _who(name)):
        columns = dict(zip(table.c.keys(), row, strict=True))
        yield _timed(readable(key, kind, str(columns[own_id]), columns))


def _readable(columns: Sequence[str], row: Sequence[object]) -> dict[str, object]:
    return _timed(dict(zip(columns, row, strict=True)))


def _timed(said: Mapping[str, object]) -> dict[str, object]:
    return {name: moment(value) if name in _TIMES and isinstance(value, int) else value for name, value in said.items()}


def _objections(transaction: Transaction, names: Sequence[str]) -> Rows:
    columns = ("objection_id", "recorded_at", "received_at")
    subjects = [{"subject": transaction.seal.customer(name)} for name in names]
    rows = [row for subject in subjects for row in transaction.rows(OBJECTIONS_OF, subject)]
    return [_readable(columns, row) for row in dict.fromkeys(rows)]


def _decisions(transaction: Transaction, present: str) -> Rows:
    return [_decision(transaction, *row) for row in transaction.rows(DECISIONS_OF_PERSON, _who(present))]


def _decision(transaction: Transaction, decision_id: str, at: int, answer: str, receipt: bytes) -> dict[str, object]:
    said = decrypt_text(transaction, decision_id, ANSWER, answer)
    kept = decrypt(transaction, decision_id, RECEIPT, bytes(receipt))
    return {
        "decision_id": decision_id,
        "at": moment(at),
        "answer": None if said is None else _parsed(said),
        "receipt": None if kept is None else b64encode(kept).decode(),
    }


def _case(transaction: Transaction, now: datetime, row: Sequence[object]) -> dict[str, object]:
    case: ReviewCase = case_of(transaction, tuple(row), now)
    events = transaction.rows(EVENTS_OF_CASE, {"review_id": case.review_id})
    told = [
        {"at": moment(at), "event": event, "detail": event_detail(transaction, case.decision_id, number, detail)}
        for number, at, event, detail in events
    ]
    kept = (
        "review_id",
        "decision_id",
        "proposed_action_id",
        "opened_at",
        "resolved_at",
        "resolution_action_id",
        "note",
    )
    return {**{name: getattr(case, name) for name in kept}, "state": case.state.value, "events": told}


def _messages(transaction: Transaction, names: Sequence[str]) -> Rows:
    columns = ("outbox_id", "decision_id", "action_id", "created_at", "delivered_at", "withdrawn_at", "payload")
    rows = [row for name in names for row in transaction.rows(MESSAGES_OF_PERSON, _who(name))]
    return [
        {
            **_readable(columns, row),
            "payload": _parsed(decrypt_text(transaction, row[1], PAYLOAD, row[6])),
            # To whom it was handed is a part of what a person may know (Article 15(1)(c)).
            "attempts": [asdict(attempt_of(one)) for one in transaction.rows(ATTEMPTS, {"outbox_id": row[0]})],
        }
        for row in rows
    ]


def _parsed(text: str | None) -> object:
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
