"""The Python client of a running heed."""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from heed.decisioning.errors import Conflict, HeedError, InvalidInput, KeyReused, NotFound, Refused, Unavailable
from heed.serving.errors import Forbidden, RateLimited, Unauthorized

Json = dict[str, Any]

# heed closes a connection that was idle for 5 seconds; a request must not meet it on the way.
_IDLE_SECONDS = 2.0
_KINDS = ("customers", "consents", "signals", "contacts", "outcomes", "objections")
_ERRORS: Mapping[str, type[HeedError]] = {
    "urn:heed:problem:invalid-input": InvalidInput,
    "urn:heed:problem:not-found": NotFound,
    "urn:heed:problem:too-large": InvalidInput,
    "urn:heed:problem:unsupported-media-type": InvalidInput,
    "urn:heed:problem:conflict": Conflict,
    "urn:heed:problem:refused-by-guardrail": Refused,
    "urn:heed:problem:idempotency-key-reused": KeyReused,
    "urn:heed:problem:erased": NotFound,
    "urn:heed:problem:unavailable": Unavailable,
    "urn:heed:problem:unauthorized": Unauthorized,
    "urn:heed:problem:forbidden": Forbidden,
    "urn:heed:problem:rate-limited": RateLimited,
    "urn:heed:problem:too-long": InvalidInput,
    "urn:heed:problem:headers-too-large": InvalidInput,
}


class Client:
    """Calls one heed service over HTTP.

    Parameters
    ----------
    url : str
        Address of the service.
    api_key : str, optional
        The API key. Default: ``HEED_API_KEY`` of the environment, or none.
    timeout : float
        Seconds to wait for a response.
    transport : httpx.BaseTransport, optional
        Another transport, for tests.

    Notes
    -----
    Errors of the service are raised as the exceptions of `heed.decisioning.errors`. A call that fails with Unavailable
    may be repeated; repeat a decision with the same `idempotency_key`.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:3000",
        *,
        api_key: str | None = None,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        key = api_key or os.environ.get("HEED_API_KEY")
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        limits = httpx.Limits(keepalive_expiry=_IDLE_SECONDS)
        self._http = httpx.Client(base_url=url, timeout=timeout, limits=limits, transport=transport, headers=headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def decide(
        self,
        customer_id: str,
        *,
        customer: Json | None = None,
        candidates: Sequence[str] | None = None,
        context: Json | None = None,
        explain: str = "chosen",
        idempotency_key: str | None = None,
    ) -> Json:
        """One decision: see ``POST /decide``."""
        body = _request(customer_id, customer, candidates, context, explain)
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return self._call("POST", "/decide", json=body, headers=headers)

    def score(
        self,
        customer_id: str,
        *,
        customer: Json | None = None,
        candidates: Sequence[str] | None = None,
        context: Json | None = None,
        explain: str = "none",
    ) -> Json:
        """Scores without a decision: see ``POST /score``."""
        return self._call("POST", "/score", json=_request(customer_id, customer, candidates, context, explain))

    def record(self, kind: str, items: Iterable[Json]) -> Json:
        """Send facts: `kind` is customers, consents, signals, contacts, outcomes or objections.

        Returns
        -------
        dict
            How many were `accepted` and how many were `duplicates`.
        """
        if kind not in _KINDS:
            raise InvalidInput("unknown kind of facts", field="kind", value=kind, remedy=f"use {', '.join(_KINDS)}")
        return self._call("POST", f"/v1/{kind}", json={kind: list(items)})

    def merge(self, customer_id: str, old_id: str) -> Json:
        """Let `old_id` be another name of `customer_id`; what either forbade stays forbidden."""
        return self._call("POST", f"/v1/customers/{_segment(customer_id)}/merge", json={"from": old_id})

    def decision(self, decision_id: str) -> Json:
        """One recorded decision."""
        return self._call("GET", f"/v1/decisions/{_segment(decision_id)}")

    def customer(self, customer_id: str) -> Json:
        """A customer as the ledger knows them, with the timeline."""
        return self._call("GET", f"/v1/customers/{_segment(customer_id)}")

    def export(self, customer_id: str) -> Json:
        """Everything that the ledger holds about a customer."""
        return self._call("GET", f"/v1/customers/{_segment(customer_id)}/export")

    def erase(self, customer_id: str, *, spare_others: bool = False) -> Json:
        """Erase a customer; marketing stays away from whoever comes back under the same id or address.

        Others who have a contact point of theirs lose marketing as well, unless they are to be spared.
        """
        shared = "?shared=spare" if spare_others else ""
        return self._call("DELETE", f"/v1/customers/{_segment(customer_id)}{shared}")

    def policy(self) -> Json:
        """The policy in force, and what was refused of the file where it says something else."""
        return self._call("GET", "/v1/policy")

    def liveness(self) -> Json:
        """How often each rule was evaluated and triggered, and which have stopped triggering."""
        return self._call("GET", "/v1/policy/liveness")

    def policy_diff(self, policy: str, **options: str | int) -> Json:
        """What another policy would have done: see ``POST /v1/policy/diff`` for `old`, `since`, `by` and `limit`."""
        return self._call("POST", "/v1/policy/diff", json={"policy": policy, **options})

    def reload_policy(self) -> Json:
        """Have the policy file read now; the policy that is in force afterwards."""
        return self._call("POST", "/v1/policy/reload")

    def switch(self) -> Json:
        """What is stopped, and the latest orders."""
        return self._call("GET", "/v1/stop")

    def stop(self, reason: str, by: str, **about: str) -> Json:
        """Stop everything, or the `channel`, `action_id`, `message_class` named; `disposition` is hold or review."""
        return self._call("POST", "/v1/stop", json={"reason": reason, "by": by, **about})

    def resume(self, reason: str, by: str, **about: str) -> Json:
        """Lift the order to stop that names exactly this."""
        return self._call("POST", "/v1/resume", json={"reason": reason, "by": by, **about})

    def reviews(self, state: str = "open", limit: int = 50) -> list[Json]:
        """Review cases in one state, oldest first."""
        reviews: list[Json] = self._call("GET", "/v1/reviews", params={"state": state, "limit": limit})["reviews"]
        return reviews

    def claim(self, review_id: str, reviewer: str | None = None) -> Json:
        """Claim a review case; the answer holds the `fence` that settling it needs.

        With an API key, the reviewer is the owner of the key, whatever this says.
        """
        body = {} if reviewer is None else {"reviewer": reviewer}
        return self._call("POST", f"/v1/reviews/{_segment(review_id)}/claim", json=body)

    def settle(self, review_id: str, verdict: str, *, fence: int, reviewer: str | None = None, **more: str) -> Json:
        """Settle a claimed case: `verdict` is approve, override (with ``action_id=``), reject or release."""
        body = {"fence": fence, **({} if reviewer is None else {"reviewer": reviewer}), **more}
        return self._call("POST", f"/v1/reviews/{_segment(review_id)}/{_segment(verdict)}", json=body)

    def keys(self) -> list[Json]:
        """All API keys, without their secrets."""
        keys: list[Json] = self._call("GET", "/v1/keys")["keys"]
        return keys

    def create_key(
        self, name: str, role: str, *, scopes: Sequence[str] = (), expires_at: datetime | None = None
    ) -> Json:
        """Make an API key; its ``token`` is in this answer alone."""
        until = {} if expires_at is None else {"expires_at": expires_at.isoformat()}
        return self._call("POST", "/v1/keys", json={"name": name, "role": role, "scopes": list(scopes), **until})

    def revoke_key(self, key_id: str) -> Json:
        """Take an API key back."""
        return self._call("POST", f"/v1/keys/{_segment(key_id)}/revoke")

    def _call(self, method: str, path: str, **request: Any) -> Json:
        try:
            response = self._http.request(method, path, **request)
        except httpx.HTTPError as error:
            where = f"{self._http.base_url}"
            raise Unavailable(
                f"heed does not answer at {where}: {error}", remedy="start it with `heed serve`"
            ) from error
        if response.is_success:
            answer: Json = response.json()
            return answer
        raise _raised(response)


def _request(
    customer_id: str, customer: Json | None, candidates: Sequence[str] | None, context: Json | None, explain: str
) -> Json:
    optional = {
        "customer": customer,
        "candidates": None if candidates is None else list(candidates),
        "context": context,
    }
    present = {name: value for name, value in optional.items() if value is not None}
    return {"customer_id": customer_id, "explain": explain, **present}


def _segment(name: str) -> str:
    """An id, escaped as one segment of a path."""
    return quote(name, safe="")


def _raised(response: httpx.Response) -> HeedError:
    try:
        problem = response.json()
    except ValueError:
        return Unavailable(f"heed answered {response.status_code} without a problem document")
    kind = _ERRORS.get(problem.get("type", ""), HeedError)
    return kind(
        problem.get("detail", "an error without detail"),
        field=problem.get("field"),
        value=problem.get("value"),
        remedy=problem.get("remedy"),
    )
