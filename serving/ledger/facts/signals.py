"""Taking signals and reading them back: each is sealed as a whole, and many are opened in one step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import compress

from heed.decisioning.customer import Signals
from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, get_key, get_or_create_key
from heed.serving.ledger.encryption.pii import SignalEntry, hashed_type, sealed_signals, signals_of
from heed.serving.ledger.facts.ingest import Fact, Intake, receipted, take
from heed.serving.ledger.facts.tombstones import still_about
from heed.serving.ledger.queries.keys import KEY_OF_CUSTOMER
from heed.serving.ledger.queries.merging import CHANGE_SIGNAL, DROP_LAST_SIGNALS, SIGNALS_OF
from heed.serving.ledger.queries.signals import (
    ADD_LAST_SIGNAL,
    ADD_SIGNAL,
    LAST_OF_TYPE,
    LAST_SIGNALS,
    MOVE_LAST_SIGNAL,
    SIGNAL_BY_ID,
    SIGNALS,
)
from heed.serving.ledger.reports import IngestResult, SignalReport

MOST = 2_000

ENTRY = ("type", "at", "channel", "certainty", "value")


@dataclass(frozen=True, slots=True)
class LastSignal:
    """The last signal of a type that was told of a customer; the type as a keyed hash."""

    customer_id: str
    type: str
    at: int
    signal_id: str


def record_signals(transaction: Transaction, now: datetime, reports: Sequence[SignalReport]) -> IngestResult:
    """Take signals."""
    told = still_about(transaction, reports, lambda one: one.at)
    whom = list(dict.fromkeys(report.customer_id for report in told))
    transaction.prefetch([(KEY_OF_CUSTOMER, {"customer_id": one}) for one in whom])
    keys = {one: get_or_create_key(transaction, now, one) for one in whom}
    intake = Intake("signal_id", SIGNAL_BY_ID, ADD_SIGNAL, partial(_closed, _sealed(keys, told)), _open)
    taken = list(compress(told, take(transaction, now, intake, [_fact(one) for one in told])))
    entries = ((keys[one.customer_id], one.customer_id, one.signal_id, _entry(one)) for one in taken)
    keep_last(transaction, last_of_each(entries))
    return receipted(transaction, now, [one.customer_id for one in taken], len(reports))


def latest(customer_id: str, since: datetime) -> Query:
    """Asks for the latest 2,000 signals, newest first, and the last of each type before them."""
    return SIGNALS, {"customer_id": customer_id, "since": micros(since), "limit": MOST}


def history(transaction: Transaction, customer_id: str, key: DataKey | None, since: datetime) -> Signals:
    """The latest 2,000 signals from `since` on, and of those before them the last of each type; oldest first."""
    asked = {"customer_id": customer_id, "since": micros(since)}
    newest, last = transaction.rows(*latest(customer_id, since))[0]
    if not newest and not last:
        return Signals()
    found = signals_of(key, newest)
    if len(found) == MOST:
        last = transaction.rows(LAST_SIGNALS, {**asked, "since": found[-1][1]})[0][0]
    older = sorted(signals_of(key, last), key=lambda one: (one[1], one[0]))
    return Signals(*zip(*older, *reversed(found), strict=True))


def move(transaction: Transaction, now: datetime, new: str, old: str) -> None:
    """Seal what `old` did under the key of `new`, whose it becomes, before it moves."""
    rows = transaction.rows(SIGNALS_OF, {"customer_id": old})
    if not rows:
        return
    theirs, ours = get_key(transaction, old), get_or_create_key(transaction, now, new)
    transaction.later(DROP_LAST_SIGNALS, {"customer_id": old})
    told = [(signal_id, signals_of(theirs, entry)[0]) for signal_id, entry in rows]
    for (signal_id, _), sealed in zip(told, sealed_signals(ours, [one for _, one in told]), strict=True):
        transaction.later(CHANGE_SIGNAL, {"signal": signal_id, "entry": sealed})
    keep_last(transaction, last_of_each((ours, new, signal_id, entry) for signal_id, entry in told))


def keep_last(transaction: Transaction, last: Sequence[LastSignal]) -> None:
    """Remember which signal is the last of its type, each type of a customer once."""
    found = transaction.several([(LAST_OF_TYPE, {"customer_id": one.customer_id, "of_type": one.type}) for one in last])
    for one, before in zip(last, found, strict=True):
        if not before:
            values = {"customer_id": one.customer_id, "type": one.type, "at": one.at, "signal_id": one.signal_id}
            transaction.later(ADD_LAST_SIGNAL, values)
        elif before[0][0] < one.at:
            which = {"customer_id": one.customer_id, "of_type": one.type}
            transaction.later(MOVE_LAST_SIGNAL, {**which, "to": one.at, "signal": one.signal_id})


def last_of_each(told: Iterable[tuple[DataKey, str, str, SignalEntry]]) -> list[LastSignal]:
    """The last signal of each type of each customer, from their key, their id, the signal's id and what it says."""
    last: dict[tuple[str, str], tuple[int, str, DataKey]] = {}
    for key, customer_id, signal_id, (kind, at, *_) in told:
        before = last.get((customer_id, kind))
        if before is None or before[:2] < (at, signal_id):
            last[customer_id, kind] = (at, signal_id, key)
    return [
        LastSignal(customer_id, hashed_type(key, kind), at, signal_id)
        for (customer_id, kind), (at, signal_id, key) in last.items()
    ]


def _sealed(keys: Mapping[str, DataKey], reports: Sequence[SignalReport]) -> dict[str, bytes]:
    """Each signal as it is kept, by its id; those of one customer in one step."""
    own: dict[str, list[SignalReport]] = {}
    for one in reports:
        own.setdefault(one.customer_id, []).append(one)
    return {
        one.signal_id: entry
        for customer_id, mine in own.items()
        for one, entry in zip(mine, sealed_signals(keys[customer_id], [_entry(each) for each in mine]), strict=True)
    }


def _fact(report: SignalReport) -> Fact:
    if not 0 < report.certainty <= 1:
        remedy = "state it above 0 and up to 1"
        raise InvalidInput("a certainty is no probability", field="certainty", value=report.certainty, remedy=remedy)
    content = {"customer_id": report.customer_id, **dict(zip(ENTRY, _entry(report), strict=True))}
    return Fact(report.signal_id, content)


def _entry(report: SignalReport) -> SignalEntry:
    value = None if report.value is None else float(report.value)
    return (report.type, micros(report.at), report.channel, float(report.certainty), value)


def _closed(
    sealed: Mapping[str, bytes],
    transaction: Transaction,  # noqa: ARG001 - the shape of a closing
    now: datetime,  # noqa: ARG001
    own_id: str,
    content: Mapping[str, object],
) -> Mapping[str, object]:
    return {"customer_id": content["customer_id"], "at": content["at"], "entry": sealed[own_id]}


def _open(transaction: Transaction, own_id: str, row: Row) -> Sequence[object]:  # noqa: ARG001 - an opening's shape
    customer_id, entry = row
    return [customer_id, *signals_of(get_key(transaction, customer_id), entry)[0]]
