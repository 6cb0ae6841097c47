"""Keeping what decisions rest on under its own hash: once, and before the first decision that names it."""

from collections.abc import Sequence
from datetime import datetime

from serving.ledger.queries.pins import ADD_PIN, PINNED
from serving.ledger.records import Pin
from serving.ledger.store.times import micros
from serving.ledger.store.transaction import Transaction


def keep(transaction: Transaction, now: datetime, texts: Sequence[Pin]) -> None:
    """Keep what is not kept yet."""
    for one in texts:
        if pinned(transaction, one.kind, one.digest) is None:
            values = {"kind": one.kind, "digest": one.digest, "text": one.text, "recorded_at": micros(now)}
            transaction.run(ADD_PIN, values)


def pinned(transaction: Transaction, kind: str, digest: str) -> str | None:
    """The text under this hash, None where it was never kept."""
    row = transaction.row(PINNED, {"kind": kind, "digest": digest})
    return None if row is None else str(row[0])
