"""Clients that ask without pause, repeat under the same key what was not answered, and keep every answer they get."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import httpx
import orjson

_PAUSE_SECONDS = 0.02
_PATIENCE_SECONDS = 10.0
# Answers that say that there is no decision yet: in flight, too many, not ready, too slow.
_NOT_YET = frozenset({409, 429, 503, 504})


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer that a client holds; `bound_by` is the rule that kept heed from acting, where one did."""

    key: str
    decision_id: str
    customer_id: str
    disposition: str
    body: bytes
    bound_by: str | None = None


@dataclass
class Load:
    """What clients have been told so far, and whether they are to go on.

    Attributes
    ----------
    retries : int
        How often a question had to be asked again.
    """

    answers: list[Answered] = field(default_factory=list)
    retries: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)


async def client(load: Load, url: str, name: str, customers: Sequence[str]) -> None:
    """Ask for decisions about these customers in random order until the load is over.

    Raises
    ------
    RuntimeError
        If an answer is neither a decision nor a reason to ask again.
    """
    order = random.Random(name)
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_SECONDS) as http:
        for number in count():
            if load.over.is_set():
                return
            load.answers.append(await _asked(load, http, f"{name}-{number}", order.choice(customers)))


async def _asked(load: Load, http: httpx.AsyncClient, key: str, customer_id: str) -> Answered:
    """The answer to one question, however often it has to be asked."""
    while True:
        try:
            answer = await http.post(
                "/decide", json={"customer_id": customer_id, "explain": "none"}, headers={"Idempotency-Key": key}
            )
        except httpx.TransportError:
            pass
        else:
            if answer.status_code == httpx.codes.OK:
                return _answered(key, answer.content)
            if answer.status_code not in _NOT_YET:
                raise RuntimeError(f"/decide answered {answer.status_code}: {answer.text[:500]}")
        load.retries += 1
        await asyncio.sleep(_PAUSE_SECONDS)


def _answered(key: str, body: bytes) -> Answered:
    said = orjson.loads(body)
    names = ("decision_id", "customer_id", "disposition")
    return Answered(key, *(said[name] for name in names), body, said["binding_rule"])
