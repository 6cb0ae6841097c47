"""Taking in again, sealed, what was recorded before customers had keys of their own."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text, bindparam, select, update

from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import ANSWER, EVENT, NOTE, PAYLOAD, RECEIPT, get_or_create_key
from heed.serving.ledger.queries.decisions import ADD_DECISION
from heed.serving.ledger.queries.reviews import ADD_EVENT
from heed.serving.ledger.tables.decided import reviews
from heed.serving.ledger.tables.sending import outbox

_ASIDE = MetaData()
_TEXTS = "decision_id client idempotency_key fingerprint customer_id disposition action_id proposed_action_id"
_DECISIONS = Table(
    "unsealed_decisions",
    _ASIDE,
    Column("at", BigInteger),
    *[Column(name, Text) for name in (*_TEXTS.split(), "model_version", "policy_hash", "answer")],
    Column("receipt", LargeBinary),
)
_EVENTS = Table(
    "unsealed_review_events",
    _ASIDE,
    Column("review_id", Text),
    Column("number", Integer),
    Column("at", BigInteger),
    *[Column(name, Text) for name in ("event", "actor", "detail")],
)
_MADE = select(_DECISIONS).order_by(_DECISIONS.c.at, _DECISIONS.c.decision_id)
_HAPPENED = (
    select(_EVENTS, reviews.c.customer_id, reviews.c.decision_id)
    .join(reviews, reviews.c.review_id == _EVENTS.c.review_id)
    .order_by(_EVENTS.c.review_id, _EVENTS.c.number)
)
_NOTES = select(reviews.c.review_id, reviews.c.customer_id, reviews.c.decision_id, reviews.c.note).where(
    reviews.c.note.is_not(None)
)
_SEAL_NOTE = update(reviews).where(reviews.c.review_id == bindparam("of")).values(note=bindparam("sealed"))
_MESSAGES = select(outbox.c.outbox_id, _DECISIONS.c.customer_id, outbox.c.decision_id, outbox.c.payload).join(
    _DECISIONS, _DECISIONS.c.decision_id == outbox.c.decision_id
)
_SEAL_MESSAGE = update(outbox).where(outbox.c.outbox_id == bindparam("of")).values(payload=bindparam("sealed"))

TABLES = (_DECISIONS.name, _EVENTS.name)


def reseal(transaction: Transaction, now: datetime) -> None:
    """Seal what was put aside and take it in again; notes and messages stay where they are."""
    for row in transaction.rows(_MADE, {}):
        _take_decision(transaction, now, dict(zip(_DECISIONS.c.keys(), row, strict=True)))
    for *event, customer_id, decision_id in transaction.rows(_HAPPENED, {}):
        said = dict(zip(_EVENTS.c.keys(), event, strict=True))
        if said["detail"] is not None:
            key = get_or_create_key(transaction, now, customer_id)
            said["detail"] = key.sealed_text(decision_id, f"{EVENT} {said['number']}", said["detail"])
        transaction.run(ADD_EVENT, said)
    for statement, seal, what in ((_NOTES, _SEAL_NOTE, NOTE), (_MESSAGES, _SEAL_MESSAGE, PAYLOAD)):
        for own_id, customer_id, decision_id, text in transaction.rows(statement, {}):
            sealed = get_or_create_key(transaction, now, customer_id).sealed_text(decision_id, what, text)
            transaction.run(seal, {"of": own_id, "sealed": sealed})


def _take_decision(transaction: Transaction, now: datetime, row: dict[str, object]) -> None:
    customer_id, decision_id = str(row.pop("customer_id")), str(row["decision_id"])
    key, seal, asked = get_or_create_key(transaction, now, customer_id), transaction.seal, row["idempotency_key"]
    sealed = {
        "subject": seal.customer(customer_id),
        "idempotency_key": None if asked is None else seal.request(str(row["client"]), str(asked)),
        "fingerprint": seal.fingerprint(str(row["fingerprint"])),
        "answer": key.sealed_text(decision_id, ANSWER, str(row["answer"])),
        "receipt": key.sealed(decision_id, RECEIPT, _bytes(row["receipt"])),
        "key_id": key.key_id,
    }
    transaction.run(ADD_DECISION, {**row, **sealed})


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"a receipt is bytes, not {type(value).__name__}")
    return value
