"""Messages of the outbox as they stand."""

from dataclasses import dataclass
from datetime import datetime

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import Contact, ContactState
from heed.decisioning.decision import Disposition
from heed.decisioning.kill_switch import Stop
from heed.serving.ledger.backend.times import micros, moment, moment_or_none
from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.encryption.data_keys import PAYLOAD, decrypt_text
from heed.serving.ledger.facts.cancellation import no_message
from heed.serving.ledger.operations.kill_switch import all_stopped, model_error
from heed.serving.ledger.outbox.delivery import (
    ALL_CHANNELS,
    Backlog,
    ChannelFilter,
    DeliveryAttempt,
    DisabledEndpoint,
    MessageState,
)
from heed.serving.ledger.queries.handing import ATTEMPTS, DISABLED, HANDLED, OVERDUE, WAITING, ready_over
from heed.serving.ledger.records import OutboxMessage


@dataclass(frozen=True, slots=True)
class Found:
    """A message with its slot and how far its delivery has come.

    Attributes
    ----------
    unsettled : int
        Attempts of which nobody knows whether the executor has the message.
    slot : Contact
        The slot as its customer's history shows it.
    by_person : bool
        Whether a person decided.
    """

    message: OutboxMessage
    delivered_at: datetime | None
    withdrawn_at: datetime | None
    because: str | None
    ready_at: datetime
    attempts: int
    unsettled: int
    holder: str | None
    customer_id: str
    slot: Contact
    cost: float
    by_person: bool

    @property
    def waits(self) -> bool:
        """Whether it is neither delivered nor withdrawn."""
        return self.delivered_at is None and self.withdrawn_at is None

    def held(self, now: datetime) -> bool:
        """Whether an executor has it in hand."""
        return self.waits and self.holder is not None and self.ready_at > now


def find(transaction: Transaction, outbox_id: str) -> Found:
    """The message of this id.

    Raises
    ------
    NotFound
        If there is none.
    """
    row = transaction.row(HANDLED, {"outbox_id": outbox_id})
    if row is None:
        raise no_message(outbox_id)
    delivered_at, withdrawn_at, because, ready_at, attempts, unsettled, holder = row[7:14]
    customer_id, channel, purpose, category, reserved_at, message_class, state, cost, disposition = row[14:]
    return Found(
        message=_message(transaction, row[:7]),
        delivered_at=moment_or_none(delivered_at),
        withdrawn_at=moment_or_none(withdrawn_at),
        because=because,
        ready_at=moment(ready_at),
        attempts=attempts,
        unsettled=unsettled,
        holder=holder,
        customer_id=customer_id,
        slot=Contact(
            row[3], channel, purpose, category, moment(reserved_at), MessageClass(message_class), ContactState(state)
        ),
        cost=cost,
        by_person=disposition != Disposition.ACT,
    )


def ready(
    transaction: Transaction, now: datetime, limit: int, also: Stop | None = None, reach: ChannelFilter = ALL_CHANNELS
) -> tuple[OutboxMessage, ...]:
    """Messages that can be handed over and that no order stops, longest ready first; `also` is the policy's order."""
    if all_stopped(transaction, also):
        return ()
    back = model_error(transaction, also)
    channels = {f"channel{place}": name for place, name in enumerate(reach.channels)}
    statement = ready_over(len(channels), others=reach.others)
    rows = transaction.rows(statement, {"now": micros(now), "limit": limit + len(back), **channels})
    return tuple([_message(transaction, row) for row in rows if row[0] not in back][:limit])


def overdue(transaction: Transaction, now: datetime, cutoff: datetime, limit: int) -> tuple[str, ...]:
    """Ids of messages that have waited since `cutoff` or longer and are in nobody's hands, oldest first."""
    values = {"now": micros(now), "cutoff": micros(cutoff), "limit": limit}
    return tuple(row[0] for row in transaction.rows(OVERDUE, values))


def waiting(transaction: Transaction) -> Backlog:
    """How many messages wait, whether or not they can be handed over now."""
    messages, since = transaction.rows(WAITING, {})[0]
    return Backlog(messages, moment_or_none(since))


def state(transaction: Transaction, now: datetime, outbox_id: str) -> MessageState:
    """Where the message of this id stands.

    Raises
    ------
    NotFound
        If there is none.
    """
    found = find(transaction, outbox_id)
    attempts = tuple(attempt_of(row) for row in transaction.rows(ATTEMPTS, {"outbox_id": outbox_id}))
    ready_at = found.ready_at if found.waits else None
    return MessageState(outbox_id, named(found, now), found.because, ready_at, found.slot.counts, attempts)


def named(found: Found, now: datetime) -> str:
    """Where a message stands, in a word."""
    if found.withdrawn_at is not None:
        return "withdrawn"
    if found.delivered_at is not None:
        return "delivered"
    return "handed" if found.held(now) else "waiting"


def attempt_of(row: Row) -> DeliveryAttempt:
    """An attempt from the columns of its statement."""
    number, holder, began_at, ended_at, result, status = row
    return DeliveryAttempt(number, holder, moment(began_at), moment_or_none(ended_at), result, status)


def disabled(transaction: Transaction, endpoint: str) -> DisabledEndpoint | None:
    """Since when and why nothing is sent to an executor, None where it is enabled."""
    row = transaction.row(DISABLED, {"endpoint": endpoint})
    return None if row is None else DisabledEndpoint(moment(row[0]), row[1])


def _message(transaction: Transaction, row: Row) -> OutboxMessage:
    outbox_id, decision_id, contact_id, action_id, kind, payload, created_at = row
    said = decrypt_text(transaction, decision_id, PAYLOAD, payload)
    return OutboxMessage(outbox_id, decision_id, contact_id, action_id, kind, said or "", moment(created_at))
