"""Keeping what decisions rest on under its own hash: once, and before the first decision that names it."""

from collections.abc import Sequence
from datetime import datetime

from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.queries.pins import ADD_PIN, PINNED
from heed.serving.ledger.records import Artifact


def keep(transaction: Transaction, now: datetime, texts: Sequence[Artifact]) -> None:
    """Keep what is not kept yet."""
    for one in texts:
        if pinned(transaction, one.kind, one.digest) is None:
            values = {"kind": one.kind, "digest": one.digest, "text": one.text, "recorded_at": micros(now)}
            transaction.run(ADD_PIN, values)


def pinned(transaction: Transaction, kind: str, digest: str) -> str | None:
    """The text under this hash, None where it was never kept."""
    row = transaction.row(PINNED, {"kind": kind, "digest": digest})
    return None if row is None else str(row[0])
