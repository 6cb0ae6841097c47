"""Taking facts once: the same id with the same content is a duplicate, with other content a conflict."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Any

from sqlalchemy import Insert, Select

from heed.decisioning.errors import Conflict, shorten
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.encryption.data_keys import key_query
from heed.serving.ledger.encryption.pii import Decryptor, Encryptor, keep_plain, read_plain
from heed.serving.ledger.facts.customers import R, current_id, raise_versions, under_current_ids
from heed.serving.ledger.facts.tombstones import Tombstone, tombstones


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What became of facts sent in: taken now, and taken before with the same content."""

    accepted: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class FactKind:
    """How one kind of fact is found and added, and what is encrypted of it.

    The columns of `by_id`, once they are decrypted, are those of the content, in order.
    """

    id_name: str
    by_id: Select[Any]
    add: Insert
    encrypt: Encryptor = keep_plain
    decrypt: Decryptor = read_plain


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact on its way in.

    Attributes
    ----------
    own_id : str
        The sender's id, under which the fact is taken once.
    content : mapping of str to object
        What tells it from another, by the names of the columns.
    extra : mapping of str to object
        What is stored with it and does not tell it from another.
    """

    own_id: str
    content: Mapping[str, object]
    extra: Mapping[str, object] = field(default_factory=dict)


def since_erasure(transaction: Transaction, reports: Sequence[R], when: Callable[[R], datetime]) -> list[R]:
    """The reports under current ids, without those of what happened before their customer was erased."""
    current = under_current_ids(transaction, reports)
    customer_ids = list(dict.fromkeys(report.customer_id for report in current))
    erased = dict(zip(customer_ids, tombstones(transaction, customer_ids), strict=True))
    return [report for report in current if _is_after(when(report), erased[report.customer_id])]


def _is_after(moment: datetime, erased: Tombstone | None) -> bool:
    # A time without an offset is refused here, as it would be when it is stored.
    return erased is None or to_micros(moment) > to_micros(erased.erased_at)


def ingest(transaction: Transaction, now: datetime, kind: FactKind, facts: Sequence[Fact]) -> list[bool]:
    """Add facts, which are looked up together; False for each that is there already.

    Raises
    ------
    Conflict
        If one is there with other content; the id and the first field that differs are named.
    """
    ids = list(dict.fromkeys(fact.own_id for fact in facts))
    found = transaction.batch([(kind.by_id, {"id": own_id}) for own_id in ids])
    stored = {
        own_id: kind.decrypt(transaction, own_id, rows[0]) for own_id, rows in zip(ids, found, strict=True) if rows
    }
    new = [_is_new(transaction, kind, fact, stored) for fact in facts]
    transaction.prefetch([key_query(customer_id) for customer_id in _customers_of(compress(facts, new))])
    for fact in compress(facts, new):
        content = kind.encrypt(transaction, now, fact.own_id, fact.content)
        added = {kind.id_name: fact.own_id, **content, **fact.extra, "received_at": to_micros(now)}
        transaction.defer(kind.add, added)
    return new


def _is_new(transaction: Transaction, kind: FactKind, fact: Fact, stored: dict[str, Sequence[object]]) -> bool:
    """Whether nothing is stored under the fact's id; from then on the fact is."""
    before = stored.get(fact.own_id)
    if before is None:
        stored[fact.own_id] = tuple(fact.content.values())
        return True
    differing = [
        name
        for (name, value), old in zip(fact.content.items(), before, strict=True)
        if value != old and not (name == "customer_id" and value == current_id(transaction, str(old)))
    ]
    if differing:
        raise reused_id(kind.id_name, fact.own_id, differing[0])
    return False


def _customers_of(facts: Iterable[Fact]) -> list[str]:
    named = (fact.content.get("customer_id") for fact in facts)
    return list(dict.fromkeys(customer_id for customer_id in named if isinstance(customer_id, str)))


def reused_id(id_name: str, own_id: str, differing: str) -> Conflict:
    """The error for an id that comes back with another meaning."""
    return Conflict(
        f"`{id_name}` `{shorten(own_id)}` was recorded before with another `{differing}`",
        field=differing,
        remedy="send what is new under an id of its own",
    )


def count_and_raise(transaction: Transaction, now: datetime, changed: Sequence[str], received: int) -> IngestResult:
    """Raise the version of every customer a fact was taken for, one entry of `changed` per fact, and count."""
    raise_versions(transaction, now, changed)
    return IngestResult(len(changed), received - len(changed))
