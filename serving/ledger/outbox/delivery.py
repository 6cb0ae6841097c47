"""What is asked before a message is handed over, and what may be answered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from heed.decisioning.customer import Customer, Volume
from heed.decisioning.kill_switch import Stop
from heed.decisioning.recheck_result import RecheckResult
from heed.serving.ledger.records import OutboxMessage, Windows


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """The channels whose messages are meant: these, or with `others` all but these."""

    channels: tuple[str, ...] = ()
    others: bool = True


ALL_CHANNELS = ChannelFilter()


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
    """What a message has to pass, inside the transaction that hands it over.

    Attributes
    ----------
    ruling : callable
        Asked with fresh facts.
    windows : tuple of timedelta or None
        The windows in which volumes are counted for it; None where no rule asks for them.
    patience : timedelta
        How long after its decision a message may still be handed over.
    most_attempts : int
        How often it is handed over at most.
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
    """A message in the hands of an executor.

    Attributes
    ----------
    fence : int
        The number of this handing; what the executor says of it names it.
    leased_until : datetime
        Until then nobody else is handed the message.
    expires_at : datetime
        After this moment it must not be executed.
    """

    message: OutboxMessage
    fence: int
    leased_until: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LeaseResult:
    """What came of asking for a message: it was handed over, withdrawn or put off, or is not there to be had."""

    handed: Lease | None = None
    withdrawn: RecheckResult | None = None
    put_off: RecheckResult | None = None


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One handing of a message to an executor; `result` is None while it is not known what came of it."""

    number: int
    holder: str
    began_at: datetime
    ended_at: datetime | None
    result: str | None
    status: int | None


@dataclass(frozen=True, slots=True)
class MessageState:
    """Where a message stands.

    Attributes
    ----------
    state : str
        ``waiting``, ``handed``, ``delivered`` or ``withdrawn``.
    because : str or None
        Why it was withdrawn.
    ready_at : datetime or None
        While it waits: when it can be handed over at the earliest.
    slot_counts : bool
        Whether its contact slot counts towards caps.
    """

    outbox_id: str
    state: str
    because: str | None
    ready_at: datetime | None
    slot_counts: bool
    attempts: tuple[DeliveryAttempt, ...]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait, and since when the oldest does; None where none waits."""

    messages: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DisabledEndpoint:
    """Since when and why nothing is sent to an executor."""

    at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """What came of one handing.

    Attributes
    ----------
    result : str
        In a word.
    delivered : bool
        Whether the executor has taken the message.
    certainly_not_taken : bool
        Whether it certainly has not, so that nothing of this handing can reach the customer.
    again : datetime or None
        When the message may be handed over again; None to withdraw it, with the reason `because`.
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
    """What telling what came of a handing changed.

    Attributes
    ----------
    state : str
        As in `MessageState`.
    new : bool
        False where it had been told before.
    withdrawn : bool
        Whether the message was withdrawn by it.
    """

    state: str
    new: bool
    withdrawn: bool
