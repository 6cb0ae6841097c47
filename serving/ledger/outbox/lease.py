"""Handing messages over: each to one executor at a time, after one more look at everything that may have changed.

waiting ──hand over──▶ handed ──delivered──────────▶ delivered
  ▲ │                    │
  │ └─put off            ├─certainly not taken──▶ waiting, or withdrawn after the last attempt: the slot is free
  │                      └─time over, or nobody knows──▶ waiting, or withdrawn: the slot goes on counting
  └──────────────────────┘

Every handing has a number, the fence. It is counted as unsettled from the moment before anything is sent until it is
certain that the executor does not have the message: a slot is freed only while nothing is unsettled.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from heed.decisioning.customer import Contact, ContactState, Customer, Volume
from heed.decisioning.errors import Conflict, Refused
from heed.decisioning.kill_switch import STOP_RULE
from heed.decisioning.recheck_result import RecheckResult
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.decisions.commit import counted
from heed.serving.ledger.decisions.read import receipt
from heed.serving.ledger.facts.cancellation import withdraw
from heed.serving.ledger.facts.contacts import free
from heed.serving.ledger.facts.ingest import raise_versions
from heed.serving.ledger.facts.snapshot import HISTORY, known
from heed.serving.ledger.operations.kill_switch import against_message
from heed.serving.ledger.outbox.delivery import (
    DeliveryCheck,
    DeliveryContext,
    DeliveryResult,
    Lease,
    LeaseResult,
    SettleResult,
)
from heed.serving.ledger.outbox.messages import Found, find, named
from heed.serving.ledger.queries.customers import RAISE_VERSION
from heed.serving.ledger.queries.handing import ADD_ATTEMPT, ATTEMPT, CERTAIN, END_ATTEMPT, HAND_OVER, PUT_OFF
from heed.serving.ledger.queries.outbox import DELIVER

NOTHING = LeaseResult()
# What is said to pass at a moment that is not ahead is looked at again after this time.
_AGAIN = timedelta(minutes=1)


def hand_over(
    transaction: Transaction, now: datetime, outbox_id: str, holder: str, lease: timedelta, check: DeliveryCheck
) -> LeaseResult:
    """Give a message that is ready to `holder` for a while, if it passes the check; nothing if it is not there."""
    transaction.require_moment(now)
    found = find(transaction, outbox_id)
    if not found.waits or found.ready_at > now:
        return NOTHING
    against = _ruling(transaction, now, found, check)
    if against is not None:
        return _kept_back(transaction, now, found, against)
    fence, until = found.attempts + 1, now + lease
    transaction.run(HAND_OVER, {"message": outbox_id, "until": micros(until), "by": holder})
    began = {"outbox_id": outbox_id, "number": fence, "holder": holder, "began_at": micros(now)}
    transaction.run(ADD_ATTEMPT, {**began, "ended_at": None, "result": None, "status": None})
    return LeaseResult(handed=Lease(found.message, fence, until, found.message.created_at + check.patience))


def look(transaction: Transaction, now: datetime, outbox_id: str, check: DeliveryCheck) -> LeaseResult:
    """Withdraw a message that waits, or put it off, where it does not pass the check."""
    found = find(transaction, outbox_id)
    if not found.waits or found.held(now):
        return NOTHING
    against = _ruling(transaction, now, found, check)
    return NOTHING if against is None else _kept_back(transaction, now, found, against)


def objection(transaction: Transaction, now: datetime, outbox_id: str, check: DeliveryCheck) -> RecheckResult | None:
    """What stands against handing a message over, None where nothing does or it is not there to be had."""
    found = find(transaction, outbox_id)
    return _ruling(transaction, now, found, check) if found.waits else None


def delivered(
    transaction: Transaction, now: datetime, outbox_id: str, check: DeliveryCheck | None = None
) -> bool | tuple[Refused, LeaseResult]:
    """Mark a message as delivered; False if it was already.

    One that does not pass the check is withdrawn or put off instead. That is returned and not raised, so that it
    stays so.

    Raises
    ------
    NotFound
        If there is no such message.
    Conflict
        If it was withdrawn, or another executor has it in hand.
    """
    found = find(transaction, outbox_id)
    if found.withdrawn_at is not None:
        remedy = "do not send it" if found.slot.counts else "do not send it; its slot is free again"
        raise Conflict(f"the message was withdrawn: {found.because}", field="outbox_id", value=outbox_id, remedy=remedy)
    if found.delivered_at is not None:
        return False
    if found.held(now):
        remedy = f"wait until {found.ready_at:%Y-%m-%d %H:%M:%S} UTC, when its time is over"
        raise Conflict("another executor has the message", field="outbox_id", value=outbox_id, remedy=remedy)
    against = None if check is None else _ruling(transaction, now, found, check)
    if against is not None:
        asked = _kept_back(transaction, now, found, against)
        return _refused(outbox_id, against), asked
    return bool(transaction.run(DELIVER, {"message": outbox_id, "at": micros(now)}))


def settle(transaction: Transaction, now: datetime, outbox_id: str, fence: int, told: DeliveryResult) -> SettleResult:
    """Take down what came of one handing; where the message stands then. Telling it again changes nothing.

    Raises
    ------
    NotFound
        If there is no such message.
    Conflict
        If it was never handed over under this number.
    """
    found = find(transaction, outbox_id)
    attempt = transaction.row(ATTEMPT, {"outbox_id": outbox_id, "number": fence})
    if attempt is None:
        remedy = "name the fence that came with the message"
        raise Conflict("the message was not handed over under this number", field="fence", value=fence, remedy=remedy)
    new = attempt[3] is None
    if new:
        ended = {"message": outbox_id, "fence": fence, "at": micros(now), "said": told.result, "code": told.status}
        transaction.run(END_ATTEMPT, ended)
        _settled(transaction, now, found, fence, told)
    after = find(transaction, outbox_id)
    return SettleResult(named(after, now), new, withdrawn=found.waits and after.withdrawn_at is not None)


def _settled(transaction: Transaction, now: datetime, found: Found, fence: int, told: DeliveryResult) -> None:
    message = found.message
    if told.certainly_not_taken:
        transaction.run(CERTAIN, {"message": message.outbox_id})
    if not found.waits:
        if found.withdrawn_at is not None and told.certainly_not_taken and found.unsettled == 1:
            free(transaction, message.contact_id)
            # Whoever was erased meanwhile is not created anew.
            transaction.run(RAISE_VERSION, {"customer_id": found.customer_id})
    elif told.delivered:
        transaction.run(DELIVER, {"message": message.outbox_id, "at": micros(now)})
    elif fence == found.attempts:
        if told.again is None:
            _withdraw(transaction, now, found, told.because)
        else:
            transaction.run(PUT_OFF, {"message": message.outbox_id, "until": micros(told.again)})


def _kept_back(transaction: Transaction, now: datetime, found: Found, against: RecheckResult) -> LeaseResult:
    if against.stopped:
        return NOTHING
    if against.until is not None:
        transaction.run(PUT_OFF, {"message": found.message.outbox_id, "until": micros(against.until)})
        return LeaseResult(put_off=against)
    _withdraw(transaction, now, found, against.because or "")
    return LeaseResult(withdrawn=against)


def _withdraw(transaction: Transaction, now: datetime, found: Found, because: str) -> None:
    withdraw(transaction, now, found.message.outbox_id, found.message.contact_id, because)
    raise_versions(transaction, now, (found.customer_id,))


def _ruling(transaction: Transaction, now: datetime, found: Found, check: DeliveryCheck) -> RecheckResult | None:
    """What stands against handing the message over, None where nothing does."""
    transaction.require_moment(now)
    expires_at = found.message.created_at + check.patience
    if now >= expires_at:
        return RecheckResult("Nobody took it in time.", "heed-expired")
    if found.attempts >= check.most_attempts:
        return RecheckResult(f"It was tried {found.attempts} times in vain.", "heed-undeliverable")
    if found.slot.state is not ContactState.RESERVED:
        return RecheckResult(f"Its slot is {found.slot.state.value} already.", "heed-settled")
    stop = against_message(transaction, found.message.outbox_id, check.stop)
    if stop is not None:
        return RecheckResult(f"rule `{STOP_RULE}`: {stop.sentence}", STOP_RULE, stopped=True)
    said = check.ruling(_release(transaction, now, found, check))
    if said.because is None:
        return None
    if said.stopped or said.until is None:
        return said
    if said.until >= expires_at:
        return replace(said, because=f"{said.because} It expires before that.", until=None)
    return replace(said, until=max(said.until, now + _AGAIN))


def _release(transaction: Transaction, now: datetime, found: Found, check: DeliveryCheck) -> DeliveryContext:
    customer = known(transaction, found.customer_id, now - HISTORY).customer
    volumes = counted(transaction, now, check.windows)
    return DeliveryContext(
        message=found.message,
        customer=_without(customer, found.slot),
        receipt=receipt(transaction, found.message.decision_id),
        by_person=found.by_person,
        now=now,
        volumes=None if volumes is None else tuple(_less(one, found) for one in volumes),
    )


def _without(customer: Customer, slot: Contact) -> Customer:
    """The customer without one contact that is like the slot."""
    contacts = list(customer.contacts)
    if slot in contacts:
        contacts.remove(slot)
    return replace(customer, contacts=tuple(contacts))


def _less(volume: Volume, found: Found) -> Volume:
    """A volume without the slot, if it is the one that counts it."""
    if volume.action_id != found.slot.action_id or not volume.since <= found.slot.at < volume.until:
        return volume
    # Adding up in another order may come to a little more than the budget that the slot was within.
    spent = volume.spent * (1 - 1e-12) - found.cost
    return replace(volume, contacts=volume.contacts - 1, spent=spent)


def _refused(outbox_id: str, against: RecheckResult) -> Refused:
    return Refused(against.because or "", field="outbox_id", value=outbox_id, remedy=_remedy(against))


def _remedy(against: RecheckResult) -> str:
    if against.stopped:
        return "do not send it now; it waits in the outbox until the order is lifted"
    until = against.until
    return "do not send it" if until is None else f"take it again from {until:%Y-%m-%d %H:%M:%S} UTC on"
