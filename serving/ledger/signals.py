"""Taking signals and reading them back: each is sealed as a whole, and many are opened in one step."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from decisioning.customer import Signals
from decisioning.errors import InvalidInput
from serving.ledger.erased import still_about
from serving.ledger.intake import Intake, receipted, take
from serving.ledger.personal import SignalEntry, hashed_type, sealed_signals, signals_of
from serving.ledger.queries.merging import CHANGE_SIGNAL, DROP_LAST_SIGNALS, SIGNALS_OF
from serving.ledger.queries.signals import (
    ADD_LAST_SIGNAL,
    ADD_SIGNAL,
    LAST_OF_TYPE,
    LAST_SIGNALS,
    MOVE_LAST_SIGNAL,
    SIGNAL_BY_ID,
    SIGNALS,
)
from serving.ledger.reports import Receipted, SignalReport
from serving.ledger.times import micros
from serving.ledger.transaction import Asked, Row, Transaction
from serving.ledger.vault import DataKey, key_for, key_of

MOST = 2_000

ENTRY = ("type", "at", "channel", "certainty", "value")


def record_signals(transaction: Transaction, now: datetime, reports: Sequence[SignalReport]) -> Receipted:
    """Take signals."""
    told = still_about(transaction, reports, lambda one: one.at)
    keys = {one: key_for(transaction, now, one) for one in {report.customer_id for report in told}}
    taken = [one for one in told if _take(transaction, now, one, keys[one.customer_id])]
    for customer_id, key in keys.items():
        own = [(one.signal_id, _entry(one)) for one in taken if one.customer_id == customer_id]
        keep_last(transaction, key, customer_id, own)
    return receipted(transaction, now, [one.customer_id for one in taken], len(reports))


def latest(customer_id: str, since: datetime) -> Asked:
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
    theirs, ours = key_of(transaction, old), key_for(transaction, now, new)
    transaction.run(DROP_LAST_SIGNALS, {"customer_id": old})
    told = [(signal_id, signals_of(theirs, entry)[0]) for signal_id, entry in rows]
    for (signal_id, _), sealed in zip(told, sealed_signals(ours, [one for _, one in told]), strict=True):
        transaction.run(CHANGE_SIGNAL, {"signal": signal_id, "entry": sealed})
    keep_last(transaction, ours, new, told)


def keep_last(
    transaction: Transaction, key: DataKey, customer_id: str, told: Iterable[tuple[str, SignalEntry]]
) -> None:
    """Remember which signal is the last of its type; `told` are signals on record with their ids."""
    last: dict[str, tuple[int, str]] = {}
    for signal_id, (kind, at, *_) in told:
        last[kind] = max(last.get(kind, (at, signal_id)), (at, signal_id))
    for kind, (at, signal_id) in last.items():
        which = {"customer_id": customer_id, "of_type": hashed_type(key, kind)}
        before = transaction.row(LAST_OF_TYPE, which)
        if before is None:
            values = {"customer_id": customer_id, "type": which["of_type"], "at": at, "signal_id": signal_id}
            transaction.run(ADD_LAST_SIGNAL, values)
        elif before[0] < at:
            transaction.run(MOVE_LAST_SIGNAL, {**which, "to": at, "signal": signal_id})


def _take(transaction: Transaction, now: datetime, report: SignalReport, key: DataKey) -> bool:
    entry = _entry(report)
    if not 0 < report.certainty <= 1:
        remedy = "state it above 0 and up to 1"
        raise InvalidInput("a certainty is no probability", field="certainty", value=report.certainty, remedy=remedy)
    content = {"customer_id": report.customer_id, **dict(zip(ENTRY, entry, strict=True))}
    closed = partial(_closed, key)
    return take(
        transaction, now, Intake("signal_id", SIGNAL_BY_ID, ADD_SIGNAL, closed, _open), report.signal_id, content
    )


def _entry(report: SignalReport) -> SignalEntry:
    value = None if report.value is None else float(report.value)
    return (report.type, micros(report.at), report.channel, float(report.certainty), value)


def _closed(
    key: DataKey,
    transaction: Transaction,  # noqa: ARG001 - the shape of a closing
    now: datetime,  # noqa: ARG001
    own_id: str,  # noqa: ARG001
    content: Mapping[str, object],
) -> Mapping[str, object]:
    (entry,) = sealed_signals(key, [[content[name] for name in ENTRY]])
    return {"customer_id": content["customer_id"], "at": content["at"], "entry": entry}


def _open(transaction: Transaction, own_id: str, row: Row) -> Sequence[object]:  # noqa: ARG001 - an opening's shape
    customer_id, entry = row
    return [customer_id, *signals_of(key_of(transaction, customer_id), entry)[0]]
