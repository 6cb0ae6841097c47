"""Commit a decision: once per key, on fresh facts, with its slot or its review case, all in one transaction."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert

from heed.decisioning.customer import Contact, Volume
from heed.decisioning.decision import Disposition
from heed.serving.errors import StaleFacts
from heed.serving.ledger.backend.database import KILL_SWITCH, SHARED, VOLUMES
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Query, Transaction
from heed.serving.ledger.decisions.idempotency import CommitResult, answer_query, find_answer
from heed.serving.ledger.encryption.data_keys import ANSWER, RECEIPT, DataKey, get_or_create_key, key_query
from heed.serving.ledger.facts.contacts import take_slot
from heed.serving.ledger.facts.customers import customer_lock, version, version_query
from heed.serving.ledger.facts.tombstones import tombstone_query
from heed.serving.ledger.facts.volumes import Windows, volumes_for
from heed.serving.ledger.operations.forecasts import Forecast, add_forecast
from heed.serving.ledger.operations.kill_switch import require_running, stops_query
from heed.serving.ledger.reviews import NewReview, open_case
from heed.serving.ledger.schema import decisions

StillAllowed = Callable[[datetime, tuple[Volume, ...] | None], bool]
"""May the decision stand at this moment, with what all customers were contacted with by then?"""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision made and not yet recorded.

    Attributes
    ----------
    seen_version : int
        The customer's version that the decision was made on.
    client, idempotency_key, fingerprint : str
        Who asked, under which key (None for none), and a digest of what was asked.
    answer : bytes
        The JSON answer, UTF-8, kept as it will be sent.
    receipt : bytes
        Enough to decide again.
    reservation_id, reservation : str, Contact
        The contact slot that an act takes; its time is set by the ledger's clock.
    review : NewReview or None
        The case that a review opens.
    cost : float
        What the contact costs, in the catalogue's currency, for budgets.
    outbox : str or None
        The message for the executor, where the act is to be handed to one.
    still_allowed : callable or None
        Asked inside the transaction with the ledger's own clock: may the decision stand at this moment, with what all
        customers were contacted with by then?
    windows : tuple of timedelta or None
        The windows in which volumes are counted for that question; None where no rule asks for them.
    forecast : Forecast or None
        What is expected of an act, so that it can be seen whether it comes true.

    Raises
    ------
    ValueError
        If the parts contradict the disposition: only an act takes a slot, only a review opens a case.
    """

    decision_id: str
    customer_id: str
    seen_version: int
    client: str
    idempotency_key: str | None
    fingerprint: str
    at: datetime
    disposition: Disposition
    action_id: str | None
    proposed_action_id: str | None
    answer: bytes
    receipt: bytes
    model_version: str
    policy_hash: str
    reservation_id: str | None = None
    reservation: Contact | None = None
    cost: float = 0.0
    review: NewReview | None = None
    outbox: str | None = None
    still_allowed: StillAllowed | None = None
    windows: Windows | None = None
    forecast: Forecast | None = None

    def __post_init__(self) -> None:
        acts = self.disposition is Disposition.ACT
        if acts != (self.reservation is not None) or acts != (self.reservation_id is not None):
            raise ValueError(f"an act, and nothing else, takes a slot; this is `{self.disposition}`")
        if (self.disposition is Disposition.REVIEW) != (self.review is not None):
            raise ValueError(f"a review, and nothing else, opens a case; this is `{self.disposition}`")
        if self.outbox is not None and not acts:
            raise ValueError(f"only an act is handed to an executor; this is `{self.disposition}`")


def _locks(transaction: Transaction, decision: NewDecision) -> Iterator[str]:  # noqa: ARG001 - a finder's shape
    """The customer, the kill switch for an act, and the volumes where a slot is taken on the strength of them."""
    yield customer_lock(decision.customer_id)
    if decision.reservation is not None:
        yield f"{SHARED}{KILL_SWITCH}"
        if decision.windows is not None:
            yield VOLUMES


def _prefetch(key_ring: KeyRing, decision: NewDecision) -> list[Query]:
    queries = [version_query(decision.customer_id), key_query(decision.customer_id)]
    if decision.idempotency_key is not None:
        queries.append(answer_query(key_ring, decision.client, decision.idempotency_key))
    if decision.reservation is not None:
        queries.append(stops_query())
        if decision.seen_version == 0:
            queries.append(tombstone_query(key_ring, decision.customer_id))
    return queries


@writes(locks=_locks, prefetch=_prefetch)
def commit_decision(transaction: Transaction, now: datetime, decision: NewDecision) -> CommitResult:
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
    before = _answered_before(transaction, decision)
    if before is not None:
        return before
    transaction.require_clock(now)
    _require_fresh(transaction, now, decision)
    if decision.reservation is not None:
        require_running(transaction, decision.reservation)
    key = get_or_create_key(transaction, now, decision.customer_id)
    _add_decision(transaction, key, decision)
    if decision.reservation is not None and decision.reservation_id is not None:
        take_slot(
            transaction,
            now,
            decision_id=decision.decision_id,
            customer_id=decision.customer_id,
            contact_id=decision.reservation_id,
            contact=decision.reservation,
            cost=decision.cost,
            message=decision.outbox,
            key=key,
            new_customer=decision.seen_version == 0,
            alone=decision.windows is not None,
        )
    if decision.forecast is not None:
        add_forecast(transaction, decision.decision_id, now, decision.forecast)
    if decision.review is not None:
        open_case(
            transaction,
            now,
            decision.review,
            decision_id=decision.decision_id,
            customer_id=decision.customer_id,
            proposed_action_id=decision.proposed_action_id,
        )
    return CommitResult(decision.decision_id, decision.answer, replayed=False)


def _answered_before(transaction: Transaction, decision: NewDecision) -> CommitResult | None:
    if decision.idempotency_key is None:
        return None
    return find_answer(transaction, decision.client, decision.idempotency_key, decision.fingerprint)


def _require_fresh(transaction: Transaction, now: datetime, decision: NewDecision) -> None:
    """Refuse a decision on facts that changed, or that consent and caps no longer allow; see `guardrails.recheck`."""
    current = version(transaction, decision.customer_id)
    if current != decision.seen_version:
        message = f"the customer's facts changed from version {decision.seen_version} to {current}"
        raise StaleFacts(message, field="customer_id", remedy="decide again")
    if decision.still_allowed is None:
        return
    if not decision.still_allowed(now, volumes_for(transaction, now, decision.windows)):
        raise StaleFacts("the decision no longer holds at this moment", field="at", remedy="decide again")


_ADD = insert(decisions)


def _add_decision(transaction: Transaction, key: DataKey, decision: NewDecision) -> None:
    keys, client_key = transaction.key_ring, decision.idempotency_key
    values = {
        "decision_id": decision.decision_id,
        "at": to_micros(decision.at),
        "client": decision.client,
        "idempotency_key": None if client_key is None else keys.hash_idempotency_key(decision.client, client_key),
        "fingerprint": keys.hash_fingerprint(decision.fingerprint),
        "subject": keys.hash_customer(decision.customer_id),
        "disposition": decision.disposition.value,
        "action_id": decision.action_id,
        "proposed_action_id": decision.proposed_action_id,
        "model_version": decision.model_version,
        "policy_hash": decision.policy_hash,
        "answer": key.encrypt_text(decision.decision_id, ANSWER, decision.answer),
        "receipt": key.encrypt(decision.decision_id, RECEIPT, decision.receipt),
        "key_id": key.key_id,
    }
    transaction.defer(_ADD, values)
