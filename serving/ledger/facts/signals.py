"""Signals: each is encrypted as a whole, and many are decrypted in one step."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import compress
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    bindparam,
    cast,
    delete,
    desc,
    func,
    insert,
    literal_column,
    select,
    update,
)

from heed.decisioning.customer import Signals
from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.repository import writes
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.encryption.data_keys import DataKey, get_key, get_or_create_key, key_query
from heed.serving.ledger.encryption.pii import SignalFields, decrypt_signals, encrypt_signals, hash_signal_type
from heed.serving.ledger.facts.customers import report_locks
from heed.serving.ledger.facts.ingest import Fact, FactKind, IngestResult, count_and_raise, ingest, since_erasure
from heed.serving.ledger.facts.reports import SignalReport
from heed.serving.ledger.schema import LIMIT, OF_WHOM, SINCE, last_signals, pick, signals


@dataclass(frozen=True, slots=True)
class _LastSignal:
    """The last signal of a type that was reported of a customer; the type as a keyed hash."""

    customer_id: str
    type: str
    at: int
    signal_id: str


_BY_ID = pick(signals, "customer_id entry").where(signals.c.signal_id == bindparam("id"))
_ADD = insert(signals)


@writes(locks=report_locks)
def record_signals(transaction: Transaction, now: datetime, reports: Sequence[SignalReport]) -> IngestResult:
    """Take signals."""
    current = since_erasure(transaction, reports, lambda report: report.at)
    customer_ids = list(dict.fromkeys(report.customer_id for report in current))
    transaction.prefetch([key_query(customer_id) for customer_id in customer_ids])
    keys = {customer_id: get_or_create_key(transaction, now, customer_id) for customer_id in customer_ids}
    kind = FactKind("signal_id", _BY_ID, _ADD, partial(_stored, _encrypt_all(keys, current)), _loaded)
    taken = list(compress(current, ingest(transaction, now, kind, [_fact(report) for report in current])))
    entries = ((keys[report.customer_id], report.customer_id, report.signal_id, _fields(report)) for report in taken)
    _update_last(transaction, _last_of_each_type(entries))
    return count_and_raise(transaction, now, [report.customer_id for report in taken], len(reports))


# A literal, because a bound separator is only written into the text when SQLAlchemy itself runs the statement.
_NOTHING: Any = literal_column("''")


def _joined(entry: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.aggregate_strings(entry, _NOTHING), LargeBinary)


# The latest ones, newest first, since a bound must drop the oldest; as one string of bytes, since fetching row by row
# costs more than all else that a decision reads.
_LATEST = (
    select(signals.c.entry)
    .where(signals.c.customer_id == OF_WHOM, signals.c.at >= SINCE)
    .order_by(desc(signals.c.at), desc(signals.c.signal_id))
    .limit(LIMIT)
    .subquery()
)

# A case that a signal opened stays open until another closes it, so the last of each type is never forgotten.
_LAST = (
    select(signals.c.entry)
    .select_from(last_signals.join(signals, signals.c.signal_id == last_signals.c.signal_id))
    .where(last_signals.c.customer_id == OF_WHOM, last_signals.c.at < SINCE)
    .subquery()
)

_SIGNALS = select(select(_joined(_LATEST.c.entry)).scalar_subquery(), select(_joined(_LAST.c.entry)).scalar_subquery())

SIGNALS_MAX = 2_000


def signals_query(customer_id: str, since: datetime) -> Query:
    """The query of :func:`signals_of`: the latest 2,000, newest first, and the last of each type before them."""
    return _SIGNALS, {"customer_id": customer_id, "since": to_micros(since), "limit": SIGNALS_MAX}


_LAST_BEFORE = select(_joined(_LAST.c.entry))


def signals_of(transaction: Transaction, customer_id: str, key: DataKey | None, since: datetime) -> Signals:
    """The latest 2,000 signals from `since` on, and of those before them the last of each type; oldest first."""
    values = {"customer_id": customer_id, "since": to_micros(since)}
    newest, last = transaction.rows(*signals_query(customer_id, since))[0]
    if not newest and not last:
        return Signals()
    found = decrypt_signals(key, newest)
    if len(found) == SIGNALS_MAX:
        last = transaction.rows(_LAST_BEFORE, {**values, "since": found[-1][1]})[0][0]
    older = sorted(decrypt_signals(key, last), key=lambda fields: (fields[1], fields[0]))
    return Signals(*zip(*older, *reversed(found), strict=True))


_OF_CUSTOMER = pick(signals, "signal_id entry").where(signals.c.customer_id == OF_WHOM)
_DROP_LAST = delete(last_signals).where(last_signals.c.customer_id == OF_WHOM)
_CHANGE = update(signals).where(signals.c.signal_id == bindparam("signal")).values(entry=bindparam("entry"))
_MOVE = update(signals).where(signals.c.customer_id == bindparam("old")).values(customer_id=bindparam("new"))


def move_signals(transaction: Transaction, now: datetime, new: str, old: str) -> None:
    """Let the signals of one customer be those of another, encrypted under the other's key."""
    rows = transaction.rows(_OF_CUSTOMER, {"customer_id": old})
    if not rows:
        return
    old_key, new_key = get_key(transaction, old), get_or_create_key(transaction, now, new)
    transaction.defer(_DROP_LAST, {"customer_id": old})
    plain = [(signal_id, decrypt_signals(old_key, entry)[0]) for signal_id, entry in rows]
    encrypted = encrypt_signals(new_key, [fields for _, fields in plain])
    for (signal_id, _), entry in zip(plain, encrypted, strict=True):
        transaction.defer(_CHANGE, {"signal": signal_id, "entry": entry})
    _update_last(transaction, _last_of_each_type((new_key, new, signal_id, fields) for signal_id, fields in plain))
    transaction.run(_MOVE, {"old": old, "new": new})


_DELETE = delete(signals).where(signals.c.customer_id == OF_WHOM)


def delete_signals(transaction: Transaction, customer_id: str) -> None:
    """Delete the signals of a customer who is erased."""
    for statement in (_DROP_LAST, _DELETE):
        transaction.run(statement, {"customer_id": customer_id})


_LAST_OF_TYPE = select(last_signals.c.at).where(
    last_signals.c.customer_id == OF_WHOM, last_signals.c.type == bindparam("of_type")
)
_ADD_LAST = insert(last_signals)
_CHANGE_LAST = (
    update(last_signals)
    .where(last_signals.c.customer_id == OF_WHOM, last_signals.c.type == bindparam("of_type"))
    .values(at=bindparam("to"), signal_id=bindparam("signal"))
)


def _update_last(transaction: Transaction, last: Sequence[_LastSignal]) -> None:
    """Remember which signal is the last of its type, each type of a customer once."""
    which = [{"customer_id": signal.customer_id, "of_type": signal.type} for signal in last]
    found = transaction.batch([(_LAST_OF_TYPE, key) for key in which])
    for signal, key, before in zip(last, which, found, strict=True):
        if not before:
            transaction.defer(_ADD_LAST, asdict(signal))
        elif before[0][0] < signal.at:
            transaction.defer(_CHANGE_LAST, {**key, "to": signal.at, "signal": signal.signal_id})


def _last_of_each_type(signals_in: Iterable[tuple[DataKey, str, str, SignalFields]]) -> list[_LastSignal]:
    """The last signal of each type of each customer, from their key, their id, the signal's id and what it says."""
    last: dict[tuple[str, str], tuple[int, str, DataKey]] = {}
    for key, customer_id, signal_id, (kind, at, *_) in signals_in:
        before = last.get((customer_id, kind))
        if before is None or before[:2] < (at, signal_id):
            last[customer_id, kind] = (at, signal_id, key)
    return [
        _LastSignal(customer_id, hash_signal_type(key, kind), at, signal_id)
        for (customer_id, kind), (at, signal_id, key) in last.items()
    ]


def _encrypt_all(keys: Mapping[str, DataKey], reports: Sequence[SignalReport]) -> dict[str, bytes]:
    """Each signal as it is stored, by its id; those of one customer in one step."""
    by_customer: dict[str, list[SignalReport]] = {}
    for report in reports:
        by_customer.setdefault(report.customer_id, []).append(report)
    entries: dict[str, bytes] = {}
    for customer_id, own in by_customer.items():
        encrypted = encrypt_signals(keys[customer_id], [_fields(report) for report in own])
        entries.update(zip((report.signal_id for report in own), encrypted, strict=True))
    return entries


_NAMES = ("type", "at", "channel", "certainty", "value")


def _fact(report: SignalReport) -> Fact:
    if not 0 < report.certainty <= 1:
        remedy = "state it above 0 and up to 1"
        raise InvalidInput("a certainty is no probability", field="certainty", value=report.certainty, remedy=remedy)
    content = {"customer_id": report.customer_id, **dict(zip(_NAMES, _fields(report), strict=True))}
    return Fact(report.signal_id, content)


def _fields(report: SignalReport) -> SignalFields:
    value = None if report.value is None else float(report.value)
    return (report.type, to_micros(report.at), report.channel, float(report.certainty), value)


def _stored(
    entries: Mapping[str, bytes],
    transaction: Transaction,  # noqa: ARG001 - the shape of an encryptor
    now: datetime,  # noqa: ARG001
    own_id: str,
    content: Mapping[str, object],
) -> Mapping[str, object]:
    return {"customer_id": content["customer_id"], "at": content["at"], "entry": entries[own_id]}


def _loaded(transaction: Transaction, own_id: str, row: Row) -> Sequence[object]:  # noqa: ARG001 - a decryptor's shape
    customer_id, entry = row
    return [customer_id, *decrypt_signals(get_key(transaction, customer_id), entry)[0]]
