"""Adapter for heed: everything over HTTP, except its clock and its policy."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from heed.decisioning.normalize import normalize_name
from heed.guardrails.conformance.system import Json, NotSupported, Outcome, Reply

_PATIENCE = 30.0
_CONNECTIONS = 64
_MOST = 500
_TRIES = 20
# A 404 is also the answer where the path exists but the named resource does not.
_NO_SUCH_PATH = "there is nothing at this path"
# `number:1e999` is sent as the number 1e999, which YAML and JSON libraries cannot express.
_NUMBER = re.compile(r'"number:([^"]*)"')


class Control(Protocol):
    """What no service offers its callers: reset everything, set its clock, activate a policy."""

    def begin(self) -> None:
        """Reset the policy and all facts."""
        ...

    def set_clock(self, now: datetime) -> None:
        """Set the clock to this moment."""
        ...

    def load(self, policy: str, actions: Sequence[Json]) -> str | None:
        """Activate a policy and actions; the reason where they are rejected."""
        ...


class HttpAdapter:
    """heed, by its address and the control of its clock and policy.

    Parameters
    ----------
    url : str
        Its address.
    control : Control
        Control of its record, clock and policy.
    transport : httpx.BaseTransport, optional
        Another transport.
    """

    name = "heed"

    def __init__(self, url: str, control: Control, *, transport: httpx.BaseTransport | None = None) -> None:
        # A busy system may close an idle connection just as the next request is sent.
        limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=0)
        self._http = httpx.Client(base_url=url, timeout=_PATIENCE, limits=limits, transport=transport)
        self._control = control

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def begin(self, scenario: str) -> None:
        """Reset to an empty record."""
        del scenario
        self._control.begin()

    def set_clock(self, now: datetime) -> None:
        """Set the clock to this moment."""
        self._control.set_clock(now)

    def load(self, policy: str, actions: Sequence[Json]) -> Reply:
        """Activate a policy and actions."""
        refused = self._control.load(policy, actions)
        return Reply(Outcome.DONE) if refused is None else Reply(Outcome.REFUSED, detail=refused)

    def report(self, kind: str, facts: Sequence[Json]) -> Reply:
        """Report facts."""
        return _reply(self._post(f"/v1/{kind}", {kind: list(facts)}))

    def merge(self, kept: str, merged: str) -> Reply:
        """Merge one customer into another."""
        return _reply(self._post(f"/v1/customers/{quote(kept, safe='')}/merge", {"from": merged}))

    def decide(self, request: Json, key: str | None) -> Reply:
        """Decide once."""
        return _reply(self._post("/decide", {**request, "explain": "none"}, key))

    def decide_batch(self, requests: Sequence[Json], key: str | None) -> Sequence[Reply]:
        """Decide for many in one call."""
        answer = self._post(
            "/decide_batch", {"requests": [{**request, "explain": "none"} for request in requests]}, key
        )
        if answer.is_error:
            return [_reply(answer)] * len(requests)
        return [_decided(result["decision"]) if result["decision"] else _problem(result["problem"]) for result in
                answer.json()["results"]]  # fmt: skip

    def settle(self, review: str, verdict: str, reviewer: str, action: str | None) -> Reply:
        """Claim a review case and settle it."""
        claimed = self._post(f"/v1/reviews/{review}/claim", {"reviewer": reviewer})
        if claimed.is_error:
            return _reply(claimed)
        body = {"reviewer": reviewer, "fence": claimed.json()["fence"]}
        more = {} if action is None else {"action_id": action}
        return _reply(self._post(f"/v1/reviews/{review}/{verdict}", {**body, **more}))

    def waiting(self, customers: Sequence[str]) -> Sequence[Reply]:
        """Messages of the outbox."""
        answer = self._sent(self._http.build_request("GET", "/v1/outbox", params={"limit": _MOST}))
        if answer.is_error:
            return [_reply(answer)]
        messages = answer.json()["messages"]
        if len(messages) == _MOST:
            raise NotSupported("the outbox holds more than one page")
        wanted = {normalize_name(customer) for customer in customers}
        return [reply for message in messages if normalize_name((reply := _message(message)).customer or "") in wanted]

    def _post(self, path: str, body: Json, key: str | None = None) -> httpx.Response:
        content = _NUMBER.sub(r"\1", json.dumps(body))
        headers = {"Content-Type": "application/json", **({} if key is None else {"Idempotency-Key": key})}
        request = self._http.build_request("POST", path, content=content, headers=headers)
        answer = self._sent(request)
        tries = 1
        while answer.status_code == httpx.codes.CONFLICT and "Retry-After" in answer.headers and tries < _TRIES:
            # The first request under the key is still in flight; clients must retry.
            time.sleep(float(answer.headers["Retry-After"]))
            answer = self._sent(request)
            tries += 1
        return answer

    def _sent(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request)
        except httpx.TransportError as error:
            body = {"detail": f"no answer ({type(error).__name__})"}
            return httpx.Response(httpx.codes.SERVICE_UNAVAILABLE, json=body, request=request)


def _reply(answer: httpx.Response) -> Reply:
    body = answer.json()
    if answer.status_code == httpx.codes.METHOD_NOT_ALLOWED or body.get("detail", "").startswith(_NO_SUCH_PATH):
        raise NotSupported(f"there is no {answer.request.method} {answer.request.url.path}")
    if answer.is_error:
        return _problem({"status": answer.status_code, **body})
    return _decided(body) if "disposition" in body else Reply(Outcome.DONE)


def _decided(body: Mapping[str, Any]) -> Reply:
    action = body["action"] or {}
    eligible = body["eligible_at"]
    return Reply(
        Outcome(body["disposition"]),
        customer=body["customer_id"],
        action=action.get("action_id"),
        contact_point=action.get("contact_point"),
        proposed=body["proposed_action_id"],
        rule=body["binding_rule"],
        eligible_at=None if eligible is None else datetime.fromisoformat(eligible),
        decision=body["decision_id"],
        review=body["review_id"],
        detail=body["reasons"][0],
    )


def _problem(body: Mapping[str, Any]) -> Reply:
    outcome = Outcome.REFUSED if body["status"] < httpx.codes.INTERNAL_SERVER_ERROR else Outcome.UNAVAILABLE
    return Reply(outcome, detail=f"{body['status']}: {body.get('detail', '')}")


def _message(message: Mapping[str, Any]) -> Reply:
    payload = message["payload"]
    content = json.loads(payload) if isinstance(payload, str) else payload
    return Reply(
        Outcome.ACT,
        customer=content["customer_id"],
        action=content["action_id"],
        contact_point=content["contact_point"],
        decision=content["decision_id"],
    )
