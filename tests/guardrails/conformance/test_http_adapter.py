"""heed's adapter says over HTTP what scenarios say, and reads what comes back."""

import json
import threading
from collections.abc import Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from heed.guardrails.conformance.http_adapter import HttpAdapter
from heed.guardrails.conformance.system import Json, NotSupported, Outcome


class NoControl:
    def begin(self) -> None:
        pass

    def set_clock(self, now: datetime) -> None:
        del now

    def load(self, policy: str, actions: Sequence[Json]) -> str | None:
        del actions
        return "no policy" if not policy else None


class Sent:
    """Answers every request with one response, and keeps the requests."""

    def __init__(self, status: int = 200, body: object = None) -> None:
        self.requests: list[httpx.Request] = []
        self.response = (status, {"accepted": 1, "duplicates": 0} if body is None else body)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.response[0], json=self.response[1])


def adapter(answers: Sent) -> HttpAdapter:
    return HttpAdapter("http://heed.test", NoControl(), transport=httpx.MockTransport(answers))


def test_a_policy_that_is_refused_is_refused_with_its_reason() -> None:
    system = adapter(Sent())
    assert system.load("rules", []).outcome is Outcome.DONE
    assert (system.load("", []).outcome, system.load("", []).detail) == (Outcome.REFUSED, "no policy")


def test_numbers_that_no_value_could_say_are_written_as_they_stand() -> None:
    sent = Sent()
    adapter(sent).report("customers", [{"customer_id": "c", "attributes": {"a": "number:1e999", "b": "number:NaN"}}])
    assert sent.requests[0].content == b'{"customers": [{"customer_id": "c", "attributes": {"a": 1e999, "b": NaN}}]}'


def test_the_key_is_a_header() -> None:
    sent = Sent(409, {"status": 409, "detail": "in flight"})
    assert adapter(sent).decide({"customer_id": "c"}, "k").outcome is Outcome.REFUSED
    assert sent.requests[0].headers["Idempotency-Key"] == "k"
    assert json.loads(sent.requests[0].content) == {"customer_id": "c", "explain": "none"}


def test_every_request_opens_its_own_connection() -> None:
    """One that was kept could be closed by a busy system just as a request was on its way."""

    class Keeps(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            ports.append(self.client_address[1])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            return

    ports: list[int] = []
    with HTTPServer(("127.0.0.1", 0), Keeps) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        system = HttpAdapter(f"http://127.0.0.1:{server.server_port}", NoControl())
        for _ in range(3):
            assert system.report("signals", []).outcome is Outcome.DONE
        system.close()
        server.shutdown()
    assert len(set(ports)) == 3


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, Outcome.REFUSED), (422, Outcome.REFUSED), (503, Outcome.UNAVAILABLE)]
)
def test_errors_are_refusals_or_failures(status: int, outcome: Outcome) -> None:
    reply = adapter(Sent(status, {"status": status, "detail": "why"})).report("signals", [])
    assert (reply.outcome, reply.detail) == (outcome, f"{status}: why")


@pytest.mark.parametrize(
    ("status", "detail"),
    [(404, "there is nothing at this path; /docs lists what there is"), (405, "this path does not answer to that")],
)
def test_a_call_that_heed_does_not_have_is_not_supported(status: int, detail: str) -> None:
    with pytest.raises(NotSupported, match="there is no POST /v1/objections"):
        adapter(Sent(status, {"status": status, "detail": detail})).report("objections", [])


def test_a_thing_that_is_not_there_is_refused() -> None:
    reply = adapter(Sent(404, {"status": 404, "detail": "no such review case"})).settle("r", "approve", "eve", None)
    assert reply.outcome is Outcome.REFUSED


def test_no_answer_is_unavailable() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    system = HttpAdapter("http://heed.test", NoControl(), transport=httpx.MockTransport(broken))
    assert system.decide({"customer_id": "c"}, None).outcome is Outcome.UNAVAILABLE
    assert [one.outcome for one in system.waiting(["c"])] == [Outcome.UNAVAILABLE]


def test_what_waits_is_that_of_the_customers_in_question() -> None:
    payloads = [
        {"decision_id": "d", "customer_id": one, "action_id": "mail", "contact_point": None} for one in ("ada", "bob")
    ]
    system = adapter(Sent(body={"messages": [{"payload": json.dumps(one)} for one in payloads]}))
    assert [one.customer for one in system.waiting(["ADA"])] == ["ada"]
