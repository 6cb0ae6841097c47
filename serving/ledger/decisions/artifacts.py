"""Policies and catalogues that decisions rest on, each kept under the hash of its own text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select

from heed.serving.ledger.backend.database import exclusive
from heed.serving.ledger.backend.repository import reads, writes
from heed.serving.ledger.backend.times import to_micros
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.schema import pins


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something that decisions rest on, kept under the hash of its own text.

    Attributes
    ----------
    kind : str
        ``policy`` or ``catalogue``.
    digest : str
        SHA-256 of the text in UTF-8, as 64 hexadecimal digits.
    """

    kind: str
    digest: str
    text: str


_BY_DIGEST = select(pins.c.text).where(pins.c.kind == bindparam("kind"), pins.c.digest == bindparam("digest"))


@reads()
def get_artifact(transaction: Transaction, kind: str, digest: str) -> str | None:
    """The text under this hash, None where it was never kept."""
    row = transaction.row(_BY_DIGEST, {"kind": kind, "digest": digest})
    return None if row is None else str(row[0])


_ADD = insert(pins)


@writes(locks=exclusive("pins"))
def keep_artifacts(transaction: Transaction, now: datetime, artifacts: Sequence[Artifact]) -> None:
    """Keep what decisions rest on, before the first of them; what is kept already is left as it is."""
    for artifact in artifacts:
        if get_artifact(transaction, artifact.kind, artifact.digest) is None:
            values = {"kind": artifact.kind, "digest": artifact.digest, "text": artifact.text}
            transaction.run(_ADD, {**values, "recorded_at": to_micros(now)})
