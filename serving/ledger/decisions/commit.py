"""Recording a decision: once per key, on fresh facts, with its slot or its review case, all in one transaction."""

from datetime import datetime

from heed.decisioning.customer import Contact, Volume
from heed.decisioning.errors import KeyReused
from heed.serving.errors import StaleFacts
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Query, Transaction
from heed.serving.ledger.encryption.data_keys import (
    ANSWER,
    PAYLOAD,
    RECEIPT,
    DataKey,
    decrypt_text,
    erased_error,
    get_or_create_key,
)
from heed.serving.ledger.facts.contacts import reserve
from heed.serving.ledger.facts.ingest import add_customer
from heed.serving.ledger.facts.snapshot import version
from heed.serving.ledger.facts.volumes import volumes
from heed.serving.ledger.operations.forecasts import expect
from heed.serving.ledger.operations.kill_switch import require_running
from heed.serving.ledger.queries.customers import RAISE_VERSION, VERSION
from heed.serving.ledger.queries.decisions import ADD_DECISION, STORED
from heed.serving.ledger.queries.erasing import LAST_ERASURE
from heed.serving.ledger.queries.keys import KEY_OF_CUSTOMER
from heed.serving.ledger.queries.outbox import ADD_OUTBOX
from heed.serving.ledger.queries.reviews import ADD_EVENT, ADD_REVIEW
from heed.serving.ledger.queries.stops import IN_FORCE
from heed.serving.ledger.records import CommitResult, NewDecision, NewReview, Windows

EXECUTE = "execute"


def foreseen(seal: KeyRing, draft: NewDecision) -> list[Query]:
    """What `commit` asks before it changes anything."""
    who = {"customer_id": draft.customer_id}
    asked: list[Query] = [(VERSION, who), (KEY_OF_CUSTOMER, who)]
    if draft.idempotency_key is not None:
        asked.append(under_key(seal, draft.client, draft.idempotency_key))
    if draft.reservation is not None:
        asked.append((IN_FORCE, {}))
        if draft.seen_version == 0:
            asked.append((LAST_ERASURE, {"subject": seal.customer(draft.customer_id)}))
    return asked


def under_key(seal: KeyRing, client: str, key: str) -> Query:
    """Asks for what was decided under a client's key."""
    return STORED, {"client": client, "idempotency_key": seal.request(client, key)}


def commit(transaction: Transaction, now: datetime, draft: NewDecision) -> CommitResult:
    """Record the decision, or give back the one that the same request made before.

    Raises
    ------
    KeyReused
        If the key came with another request before.
    StaleFacts
        If a fact about the customer has arrived since the decision was made, time alone has made it inadmissible, or
        an order to stop it is in force.
    Unavailable
        If this moment is not the database's own.
    """
    before = stored(transaction, draft.client, draft.idempotency_key, draft.fingerprint)
    if before is not None:
        return before
    transaction.require_moment(now)
    _require_fresh(transaction, now, draft)
    if draft.reservation is not None:
        require_running(transaction, draft.reservation)
    key = get_or_create_key(transaction, now, draft.customer_id)
    _add_decision(transaction, key, draft)
    if draft.reservation is not None and draft.reservation_id is not None:
        take_slot(
            transaction,
            now,
            decision_id=draft.decision_id,
            customer_id=draft.customer_id,
            contact_id=draft.reservation_id,
            contact=draft.reservation,
            cost=draft.cost,
            message=draft.outbox,
            key=key,
            new=draft.seen_version == 0,
            alone=draft.windows is not None,
        )
    if draft.forecast is not None:
        expect(transaction, draft.decision_id, now, draft.forecast)
    if draft.review is not None:
        _open_case(transaction, now, draft, draft.review)
    return CommitResult(draft.decision_id, draft.answer, replayed=False)


def stored(transaction: Transaction, client: str, key: str | None, fingerprint: str) -> CommitResult | None:
    """The decision that this client's key stands for, if there is one.

    Raises
    ------
    KeyReused
        If it answered another request.
    Erased
        If it answered, and the customer was erased since.
    """
    if key is None:
        return None
    row = transaction.row(*under_key(transaction.seal, client, key))
    if row is None:
        return None
    if row[0] != transaction.seal.fingerprint(fingerprint):
        remedy = "send a new key with a new request"
        raise KeyReused("the key was used for another request", field="Idempotency-Key", value=key, remedy=remedy)
    answer = decrypt_text(transaction, row[1], ANSWER, row[2])
    if answer is None:
        raise erased_error(row[1])
    return CommitResult(row[1], answer.encode(), replayed=True)


def take_slot(
    transaction: Transaction,
    now: datetime,
    *,
    decision_id: str,
    customer_id: str,
    contact_id: str,
    contact: Contact,
    cost: float,
    message: str | None,
    key: DataKey,
    new: bool,
    alone: bool,
) -> None:
    """Reserve the contact of a decision and hand its message, where there is one, to the outbox.

    Parameters
    ----------
    key : DataKey
        The customer's.
    new : bool
        Whether nothing was known of the customer before.
    alone : bool
        Whether it was decided on volumes, which nobody else counts at the same time.
    """
    reserve(transaction, now, contact_id, decision_id, customer_id, contact, cost, alone=alone)
    if new:
        add_customer(transaction, now, customer_id)
    else:
        transaction.later(RAISE_VERSION, {"customer_id": customer_id})
    if message is not None:
        values = {
            "outbox_id": f"{EXECUTE}:{decision_id}",
            "decision_id": decision_id,
            "contact_id": contact_id,
            "action_id": contact.action_id,
            "kind": EXECUTE,
            "payload": key.sealed_text(decision_id, PAYLOAD, message),
            "created_at": micros(now),
            "delivered_at": None,
            "withdrawn_at": None,
            "withdrawn_because": None,
            "ready_at": micros(now),
            "attempts": 0,
            "unsettled": 0,
            "holder": None,
        }
        transaction.later(ADD_OUTBOX, values)


def counted(transaction: Transaction, now: datetime, windows: Windows | None) -> tuple[Volume, ...] | None:
    """Volumes at this moment, for the rules that ask for them."""
    return None if windows is None else volumes(transaction, now, windows)


def _require_fresh(transaction: Transaction, now: datetime, draft: NewDecision) -> None:
    present = version(transaction, draft.customer_id)
    if present != draft.seen_version:
        message = f"the customer's facts changed from version {draft.seen_version} to {present}"
        raise StaleFacts(message, field="customer_id", remedy="decide again")
    if draft.still_allowed is not None and not draft.still_allowed(now, counted(transaction, now, draft.windows)):
        raise StaleFacts("the decision no longer holds at this moment", field="at", remedy="decide again")


def _add_decision(transaction: Transaction, key: DataKey, draft: NewDecision) -> None:
    seal, asked = transaction.seal, draft.idempotency_key
    values = {
        "decision_id": draft.decision_id,
        "at": micros(draft.at),
        "client": draft.client,
        "idempotency_key": None if asked is None else seal.request(draft.client, asked),
        "fingerprint": seal.fingerprint(draft.fingerprint),
        "subject": seal.customer(draft.customer_id),
        "disposition": draft.disposition.value,
        "action_id": draft.action_id,
        "proposed_action_id": draft.proposed_action_id,
        "model_version": draft.model_version,
        "policy_hash": draft.policy_hash,
        "answer": key.sealed_text(draft.decision_id, ANSWER, draft.answer),
        "receipt": key.sealed(draft.decision_id, RECEIPT, draft.receipt),
        "key_id": key.key_id,
    }
    transaction.later(ADD_DECISION, values)


def _open_case(transaction: Transaction, now: datetime, draft: NewDecision, review: NewReview) -> None:
    unset = ("claimed_by", "claim_expires_at", "resolved_at", "resolved_by", "resolution_action_id", "note")
    values = {
        "review_id": review.review_id,
        "decision_id": draft.decision_id,
        "customer_id": draft.customer_id,
        "state": "open",
        "proposed_action_id": draft.proposed_action_id,
        "opened_at": micros(now),
        "expires_at": micros(review.expires_at),
        "fence": 0,
        "shortfall": review.shortfall,
        **dict.fromkeys(unset),
    }
    transaction.later(ADD_REVIEW, values)
    event = {"review_id": review.review_id, "number": 1, "at": micros(now), "event": "opened"}
    transaction.later(ADD_EVENT, {**event, "actor": None, "detail": None})
