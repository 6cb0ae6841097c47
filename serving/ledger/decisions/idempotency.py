"""One answer per client and Idempotency-Key.

That there is never a second answer is held by the record itself, which names a key once. While an answer is being made
its key is held besides, over all workers: this spares a second decision and tells its caller why.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import bindparam

from heed.decisioning.errors import KeyReused
from heed.serving.errors import RequestInFlight
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.repository import Repository, reads
from heed.serving.ledger.backend.transaction import Query, Transaction
from heed.serving.ledger.encryption.data_keys import ANSWER, decrypt_text, erased_error
from heed.serving.ledger.schema import decisions, pick


@dataclass(frozen=True, slots=True)
class CommitResult:
    """A decision that is in the ledger; `replayed` if it was there before under the same key."""

    decision_id: str
    answer: bytes
    replayed: bool


_BY_KEY = pick(decisions, "fingerprint decision_id answer").where(
    decisions.c.client == bindparam("client"), decisions.c.idempotency_key == bindparam("idempotency_key")
)


def answer_query(key_ring: KeyRing, client: str, key: str) -> Query:
    """The query of :func:`find_answer`."""
    return _BY_KEY, {"client": client, "idempotency_key": key_ring.hash_idempotency_key(client, key)}


def _prefetch(key_ring: KeyRing, client: str, key: str, fingerprint: str) -> list[Query]:  # noqa: ARG001
    return [answer_query(key_ring, client, key)]


@reads(prefetch=_prefetch)
def find_answer(transaction: Transaction, client: str, key: str, fingerprint: str) -> CommitResult | None:
    """The decision that this client's key stands for, if there is one.

    Raises
    ------
    KeyReused
        If it answered another request.
    CustomerErased
        If it answered, and the customer was erased since.
    """
    row = transaction.row(*answer_query(transaction.key_ring, client, key))
    if row is None:
        return None
    if row[0] != transaction.key_ring.hash_fingerprint(fingerprint):
        remedy = "send a new key with a new request"
        raise KeyReused("the key was used for another request", field="Idempotency-Key", value=key, remedy=remedy)
    answer = decrypt_text(transaction, row[1], ANSWER, row[2])
    if answer is None:
        raise erased_error(row[1])
    return CommitResult(row[1], answer.encode(), replayed=True)


class IdempotencyKeys(Repository):
    """Keys under which answers were given, and those under which one is being made."""

    find = find_answer

    @asynccontextmanager
    async def hold(self, client: str, key: str) -> AsyncIterator[None]:
        """Hold a client's key while the body makes its answer, over all workers.

        Raises
        ------
        RequestInFlight
            If another request under the key is being answered.
        """
        name = f"key:{client}\0{key}"
        if not await self.database.acquire(name):
            remedy = "ask again in a moment with the same key; the answer will be there"
            raise RequestInFlight("a request under this key is being answered", field="Idempotency-Key", remedy=remedy)
        try:
            yield
        finally:
            self.database.release(name)
