"""Leasing messages to executors: one executor at a time, after everything that may have changed was checked again.

waiting ──lease──▶ leased ──delivered──────────▶ delivered
  ▲ │                │
  │ └─postpone       ├─certainly not taken──▶ waiting, or withdrawn after the last attempt: the slot is free
  │                  └─time over, or nobody knows──▶ waiting, or withdrawn: the slot goes on counting
  └──────────────────┘

Every lease has a number, the fence. It counts as unsettled from the moment before anything is sent until it is certain
that the executor does not have the message: a slot is freed only while nothing is unsettled.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heed.decisioning.customer import Contact, ContactState, Customer, Volume
from heed.decisioning.errors import Conflict, Refused
from heed.decisioning.kill_switch import STOP_RULE, Stop
from heed.decisioning.recheck_result import RecheckResult
from heed.serving.ledger import outbox
from heed.serving.ledger.backend.repository import reads_now, writes
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.decisions.read import receipt
from heed.serving.ledger.facts.contacts import free_slot, message_locks, withdraw_message
from heed.serving.ledger.facts.customers import raise_version, raise_versions
from heed.serving.ledger.facts.snapshot import customer_snapshot
from heed.serving.ledger.facts.volumes import Windows, volumes_for
from heed.serving.ledger.operations.kill_switch import stop_for_message
from heed.serving.ledger.outbox import OutboxMessage, QueuedMessage


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """A message that somebody is ready to take, with facts of this moment.

    Attributes
    ----------
    customer : Customer
        As they are on record now, without the message's own slot, so that no cap counts it against itself.
    receipt : bytes
        Of the decision behind the message, which holds what its caller knew.
    by_person : bool
        Whether a person decided, so that what asks for one has had one.
    now : datetime
        The ledger's own moment.
    volumes : tuple of Volume or None
        What all customers were contacted with, without the message's own slot; None where no rule asks.
    """

    message: OutboxMessage
    customer: Customer
    receipt: bytes
    by_person: bool
    now: datetime
    volumes: tuple[Volume, ...] | None = None


@dataclass(frozen=True, slots=True)
class DeliveryCheck:
    """What a message has to pass, inside the transaction that leases it.

    Attributes
    ----------
    ruling : callable
        Asked with fresh facts.
    windows : tuple of timedelta or None
        The windows in which volumes are counted for it; None where no rule asks for them.
    patience : timedelta
        How long after its decision a message may still be leased.
    most_attempts : int
        How often it is leased at most.
    stop : Stop or None
        The policy's own order to stop.
    """

    ruling: Callable[[DeliveryContext], RecheckResult]
    windows: Windows | None
    patience: timedelta
    most_attempts: int
    stop: Stop | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A message that an executor has for a while.

    Attributes
    ----------
    fence : int
        The number of this lease; what the executor reports of it names it.
    leased_until : datetime
        Until then nobody else gets the message.
    expires_at : datetime
        After this moment it must not be executed.
    """

    message: OutboxMessage
    fence: int
    leased_until: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LeaseResult:
    """What came of asking for a message: it was leased, withdrawn or postponed, or is not there to be had."""

    handed: Lease | None = None
    withdrawn: RecheckResult | None = None
    put_off: RecheckResult | None = None


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What came of one lease.

    Attributes
    ----------
    result : str
        In a word.
    delivered : bool
        Whether the executor has taken the message.
    certainly_not_taken : bool
        Whether it certainly has not, so that nothing of this lease can reach the customer.
    again : datetime or None
        When the message may be leased again; None to withdraw it, with the reason `because`.
    status : int or None
        HTTP status, where there was one.
    """

    result: str
    delivered: bool = False
    certainly_not_taken: bool = False
    again: datetime | None = None
    because: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class SettleResult:
    """What recording the result of a lease changed.

    Attributes
    ----------
    state : str
        As in `MessageState`.
    new : bool
        False where it had been recorded before.
    withdrawn : bool
        Whether the message was withdrawn by it.
    """

    state: str
    new: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class DeliveryConfirmation:
    """What came of marking a message as delivered.

    Attributes
    ----------
    new : bool
        Whether this call did it; False where it was delivered before, or is not to be sent.
    refusal : Refused or None
        Why it is not to be sent now.
    held_back : LeaseResult
        Whether it was withdrawn or postponed instead.
    """

    new: bool
    refusal: Refused | None = None
    held_back: LeaseResult = LeaseResult()


_NOTHING = LeaseResult()
# What is said to pass at a moment that is not ahead is checked again after this time.
_AGAIN = timedelta(minutes=1)


@writes(locks=message_locks)
def lease_message(
    transaction: Transaction, now: datetime, outbox_id: str, holder: str, duration: timedelta, check: DeliveryCheck
) -> LeaseResult:
    """Give a message that is ready to one executor for a while, if it passes the check; nothing if it is not there."""
    transaction.require_clock(now)
    found = outbox.find_message(transaction, outbox_id)
    if not found.waits or found.ready_at > now:
        return _NOTHING
    objection = _recheck(transaction, now, found, check)
    if objection is not None:
        return _hold_back(transaction, now, found, objection)
    fence, until = found.attempts + 1, now + duration
    outbox.begin_attempt(transaction, now, outbox_id, fence, holder, until)
    return LeaseResult(handed=Lease(found.message, fence, until, found.message.created_at + check.patience))


@writes(locks=message_locks)
def recheck_waiting(transaction: Transaction, now: datetime, outbox_id: str, check: DeliveryCheck) -> LeaseResult:
    """Withdraw a message that waits, or postpone it, where it does not pass the check."""
    found = outbox.find_message(transaction, outbox_id)
    if not found.waits or found.leased(now):
        return _NOTHING
    objection = _recheck(transaction, now, found, check)
    return _NOTHING if objection is None else _hold_back(transaction, now, found, objection)


@reads_now()
def recheck_message(
    transaction: Transaction, now: datetime, outbox_id: str, check: DeliveryCheck
) -> RecheckResult | None:
    """What stands against leasing a message now, None where nothing does or it is not there to be had."""
    found = outbox.find_message(transaction, outbox_id)
    return _recheck(transaction, now, found, check) if found.waits else None


@writes(locks=message_locks)
def mark_delivered(
    transaction: Transaction, now: datetime, outbox_id: str, check: DeliveryCheck | None = None
) -> DeliveryConfirmation:
    """Mark a message as delivered.

    One that does not pass the check is withdrawn or postponed instead. That is returned and not raised, so that it
    stays so and the caller can count it.

    Raises
    ------
    NotFound
        If there is no such message.
    Conflict
        If it was withdrawn, or another executor has it.
    """
    found = outbox.find_message(transaction, outbox_id)
    if found.withdrawn_at is not None:
        remedy = "do not send it" if found.slot.counts else "do not send it; its slot is free again"
        raise Conflict(f"the message was withdrawn: {found.because}", field="outbox_id", value=outbox_id, remedy=remedy)
    if found.delivered_at is not None:
        return DeliveryConfirmation(new=False)
    if found.leased(now):
        remedy = f"wait until {found.ready_at:%Y-%m-%d %H:%M:%S} UTC, when its time is over"
        raise Conflict("another executor has the message", field="outbox_id", value=outbox_id, remedy=remedy)
    objection = None if check is None else _recheck(transaction, now, found, check)
    if objection is not None:
        held_back = _hold_back(transaction, now, found, objection)
        return DeliveryConfirmation(new=False, refusal=_refusal(outbox_id, objection), held_back=held_back)
    outbox.set_delivered(transaction, now, outbox_id)
    return DeliveryConfirmation(new=True)


@writes(locks=message_locks)
def settle_lease(
    transaction: Transaction, now: datetime, outbox_id: str, fence: int, result: DeliveryResult
) -> SettleResult:
    """Record what came of one lease, and where the message stands then. Recording it again changes nothing.

    Raises
    ------
    NotFound
        If there is no such message.
    Conflict
        If it was never leased under this number.
    """
    found = outbox.find_message(transaction, outbox_id)
    attempt = outbox.find_attempt(transaction, outbox_id, fence)
    if attempt is None:
        remedy = "name the fence that came with the message"
        raise Conflict("the message was not handed over under this number", field="fence", value=fence, remedy=remedy)
    new = attempt.ended_at is None
    if new:
        outbox.end_attempt(transaction, now, outbox_id, fence, result.result, result.status)
        _settle(transaction, now, found, fence, result)
    after = outbox.find_message(transaction, outbox_id)
    return SettleResult(after.state(now), new, withdrawn=found.waits and after.withdrawn_at is not None)


def _settle(transaction: Transaction, now: datetime, found: QueuedMessage, fence: int, result: DeliveryResult) -> None:
    message = found.message
    if result.certainly_not_taken:
        outbox.count_as_settled(transaction, message.outbox_id)
    if not found.waits:
        if found.withdrawn_at is not None and result.certainly_not_taken and found.unsettled == 1:
            free_slot(transaction, message.contact_id)
            # A customer who was erased meanwhile is not created anew.
            raise_version(transaction, found.customer_id)
    elif result.delivered:
        outbox.set_delivered(transaction, now, message.outbox_id)
    elif fence == found.attempts:
        if result.again is None:
            _withdraw(transaction, now, found, result.because)
        else:
            outbox.postpone(transaction, message.outbox_id, result.again)


def _hold_back(transaction: Transaction, now: datetime, found: QueuedMessage, objection: RecheckResult) -> LeaseResult:
    if objection.stopped:
        return _NOTHING
    if objection.until is not None:
        outbox.postpone(transaction, found.message.outbox_id, objection.until)
        return LeaseResult(put_off=objection)
    _withdraw(transaction, now, found, objection.because or "")
    return LeaseResult(withdrawn=objection)


def _withdraw(transaction: Transaction, now: datetime, found: QueuedMessage, because: str) -> None:
    withdraw_message(transaction, now, found.message.outbox_id, found.message.contact_id, because)
    raise_versions(transaction, now, (found.customer_id,))


def _recheck(
    transaction: Transaction, now: datetime, found: QueuedMessage, check: DeliveryCheck
) -> RecheckResult | None:
    """What stands against leasing the message, None where nothing does."""
    transaction.require_clock(now)
    expires_at = found.message.created_at + check.patience
    if now >= expires_at:
        return RecheckResult("Nobody took it in time.", "heed-expired")
    if found.attempts >= check.most_attempts:
        return RecheckResult(f"It was tried {found.attempts} times in vain.", "heed-undeliverable")
    if found.slot.state is not ContactState.RESERVED:
        return RecheckResult(f"Its slot is {found.slot.state.value} already.", "heed-settled")
    stop = stop_for_message(transaction, found.message.outbox_id, check.stop)
    if stop is not None:
        return RecheckResult(f"rule `{STOP_RULE}`: {stop.sentence}", STOP_RULE, stopped=True)
    result = check.ruling(_context(transaction, now, found, check))
    if result.because is None:
        return None
    if result.stopped or result.until is None:
        return result
    if result.until >= expires_at:
        return replace(result, because=f"{result.because} It expires before that.", until=None)
    return replace(result, until=max(result.until, now + _AGAIN))


def _context(transaction: Transaction, now: datetime, found: QueuedMessage, check: DeliveryCheck) -> DeliveryContext:
    customer = customer_snapshot(transaction, now, found.customer_id).customer
    volumes = volumes_for(transaction, now, check.windows)
    return DeliveryContext(
        message=found.message,
        customer=_without(customer, found.slot),
        receipt=receipt(transaction, found.message.decision_id),
        by_person=found.by_person,
        now=now,
        volumes=None if volumes is None else tuple(_without_slot(volume, found) for volume in volumes),
    )


def _without(customer: Customer, slot: Contact) -> Customer:
    """The customer without one contact that is like the slot."""
    contacts = list(customer.contacts)
    if slot in contacts:
        contacts.remove(slot)
    return replace(customer, contacts=tuple(contacts))


def _without_slot(volume: Volume, found: QueuedMessage) -> Volume:
    """A volume without the slot, if it is the one that counts it."""
    if volume.action_id != found.slot.action_id or not volume.since <= found.slot.at < volume.until:
        return volume
    # Adding up in another order may come to a little more than the budget that the slot was within.
    spent = volume.spent * (1 - 1e-12) - found.cost
    return replace(volume, contacts=volume.contacts - 1, spent=spent)


def _refusal(outbox_id: str, objection: RecheckResult) -> Refused:
    return Refused(objection.because or "", field="outbox_id", value=outbox_id, remedy=_remedy(objection))


def _remedy(objection: RecheckResult) -> str:
    if objection.stopped:
        return "do not send it now; it waits in the outbox until the order is lifted"
    until = objection.until
    return "do not send it" if until is None else f"take it again from {until:%Y-%m-%d %H:%M:%S} UTC on"
