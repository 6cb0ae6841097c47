"""The service as it runs: BentoML around it, a trained model in it, a socket before it."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from heed.decisioning.catalogue import MessageClass
from heed.training.model.bundle_files import save_bundle
from tests.serving.api.test_api_problems import JSON, assert_problem
from tests.support.openapi_fuzzing import find_faults, fuzz_config
from tests.support.service_process import ServiceProcess, service_process
from tests.support.small_model import bundle

pytestmark = pytest.mark.slow

PLANTED = "planted.person@example.org"


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle learnt from a small world."""
    folder = tmp_path_factory.mktemp("model") / "bundle"
    save_bundle(bundle(), folder)
    return folder


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[ServiceProcess]:
    with service_process(tmp_path_factory.mktemp("service"), model) as heed:
        heed.await_status("/readyz", 200)
        know(heed, "c1")
        yield heed


def know(heed: ServiceProcess, customer_id: str) -> None:
    """A customer with a history, whom every channel may reach."""
    now = datetime.now(UTC)
    points = [{"contact_point": f"{customer_id}-{one}", "channel": one} for one in ("email", "sms", "push")]
    customer = {"customer_id": customer_id, "time_zone": "Europe/Berlin", "contact_points": points}
    told = {"customer_id": customer_id, "recorded_at": (now - timedelta(days=9)).isoformat(), "status": "granted"}
    consents = [
        {"consent_id": f"{customer_id}-{one['channel']}", "channel": one["channel"], "purpose": "marketing", **told}
        for one in points
    ]
    signals = [
        {
            "signal_id": f"{customer_id}-{days}",
            "customer_id": customer_id,
            "type": "web_visit",
            "at": (now - timedelta(days=days, hours=1)).isoformat(),
        }
        for days in range(6)
    ]
    for path, content in (("customers", [customer]), ("consents", consents), ("signals", signals)):
        assert httpx.post(f"{heed.url}/v1/{path}", json={path: content}).status_code == 200


def ask(heed: ServiceProcess, path: str, customer_id: str = "c1", **body: Any) -> Any:
    answer = httpx.post(heed.url + path, json={"customer_id": customer_id, **body}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/docs.json"])
def test_operations_answer(service, path):
    assert service.status(path) == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_a_probe_may_ask_with_head(service, path):
    answer = httpx.head(service.url + path)
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_page_of_the_document_finds_its_files_here(service):
    page = httpx.get(f"{service.url}/docs").text
    assert "/static_content/swagger-ui-bundle.js" in page
    assert service.status("/static_content/swagger-ui-bundle.js") == 200
    assert service.status("/static_content/swagger-ui.css") == 200


def test_metrics_count_decisions_and_say_ready(service):
    ask(service, "/decide")
    text = httpx.get(f"{service.url}/metrics").text
    assert "heed_ready 1.0" in text
    assert "heed_decisions_total{" in text


def scores(answer: Any) -> dict[str, Any]:
    names = ("propensity", "interval", "uplift", "uplift_interval", "harm", "net_value", "explanation")
    return {one["action_id"]: [one[name] for name in names] for one in answer["candidates"]}


def hour(answer: Any) -> str:
    return str(answer["at"])[:13]


def test_scores_are_those_of_decisions_bit_for_bit(service):
    # Each attempt has a customer of its own, as an act is a contact; a second one where the hour, a feature, strikes.
    for customer_id in ("fresh-1", "fresh-2"):
        know(service, customer_id)
        scored, decided = (ask(service, path, customer_id, explain="all") for path in ("/score", "/decide"))
        if hour(scored) == hour(decided):
            break
    assert scores(decided) == scores(scored)
    explained = [explanation for *_, explanation in scores(decided).values() if explanation is not None]
    assert len(explained) > 3


def test_marketing_is_not_scored_any_more_after_an_objection(service):
    know(service, "objector")
    classes = {one.action_id: one.message_class for one in bundle().catalogue.actions}
    before = {one["action_id"] for one in ask(service, "/score", "objector")["candidates"]} - {"hold"}
    assert MessageClass.MARKETING in {classes[one] for one in before}
    objection = {"customer_id": "objector", "recorded_at": datetime.now(UTC).isoformat()}
    assert httpx.post(f"{service.url}/v1/objections", json={"objections": [objection]}).status_code == 200
    after = {one["action_id"] for one in ask(service, "/score", "objector", explain="all")["candidates"]} - {"hold"}
    assert MessageClass.MARKETING not in {classes[one] for one in after}
    named = sorted(before - after)
    assert ask(service, "/score", "objector", candidates=named)["candidates"] == []


# In a process of its own: the client leaves its temporary folder to the garbage collector, which is a warning.
BENTOML_CLIENT = """
import bentoml, json, sys

with bentoml.SyncHTTPClient(sys.argv[1]) as client:
    print(json.dumps(client.score({"customer_id": "c1"})))
"""


def test_bentomls_own_client_gets_the_same_scores(service):
    before = ask(service, "/score")
    client = [sys.executable, "-c", BENTOML_CLIENT, service.url]
    own = subprocess.run(client, env={**os.environ, "BENTOML_DO_NOT_TRACK": "True"}, capture_output=True, timeout=120)
    assert own.returncode == 0, own.stderr.decode()
    assert scores(json.loads(own.stdout)) in (scores(before), scores(ask(service, "/score")))


def test_bentomls_document_describes_the_call(service):
    call = httpx.get(f"{service.url}/docs.json").json()["paths"]["/score"]["post"]
    taken = call["requestBody"]["content"]["application/json"]["schema"]["properties"]
    answered = call["responses"]["200"]["content"]["application/json"]["schema"]["properties"]
    assert taken.keys() == {"customer_id", "customer", "candidates", "context", "explain"}
    assert {"candidates", "model", "currency"} <= answered.keys()


def test_scoring_leaves_nothing_behind(service):
    ask(service, "/score", customer_id="a stranger")
    assert service.status("/v1/customers/a%20stranger") == 404


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"customer_id": "c1", "custmer": 1}, "custmer", "1"),
        ({}, "customer_id", None),
        ({"customer_id": 7}, "customer_id", None),
        ({"customer_id": "c1", "explain": "most"}, "explain", "most"),
        ({"customer_id": "c1", "candidates": ["fax"]}, "candidates", "fax"),
        ({"customer_id": "c1", "context": {"page": {"deep": 1}}}, "context.page", None),
    ],
    ids=["an unknown field", "a missing field", "a wrong type", "an unknown choice", "an unknown action", "no value"],
)
def test_a_wrong_request_for_scores_is_told_where(service, body, field, value):
    problem = assert_problem(httpx.post(f"{service.url}/score", json=body), 400, "invalid-input")
    assert (problem["field"], problem.get("value")) == (field, value)
    assert problem["remedy"]


@pytest.mark.parametrize("path", ["/score", "/decide", "/v1/signals"])
@pytest.mark.parametrize(
    ("content", "headers", "status", "kind"),
    [
        (b"", JSON, 400, "invalid-input"),
        (b"{", JSON, 400, "invalid-input"),
        (b"\xff", JSON, 400, "invalid-input"),
        (b"[" * 100_000, JSON, 400, "invalid-input"),
        (b'{"customer_id": NaN}', JSON, 400, "invalid-input"),
        (b" " * (9 * 1024 * 1024), JSON, 413, "too-large"),
        (b'{"customer_id": "c1"}', {}, 415, "unsupported-media-type"),
        (b'{"customer_id": "c1"}', {"content-type": "text/plain"}, 415, "unsupported-media-type"),
        (b"x", {"content-type": "application/vnd.bentoml+pickle"}, 415, "unsupported-media-type"),
        (b"x", {"content-type": "multipart/form-data; boundary=x"}, 415, "unsupported-media-type"),
    ],
    ids=[
        "nothing",
        "half an object",
        "no UTF-8",
        "very deep",
        "not a number",
        "too large",
        "no media type",
        "text",
        "a pickle",
        "a form",
    ],
)
def test_no_odd_body_gets_through(service, path, content, headers, status, kind):
    assert_problem(httpx.post(service.url + path, content=content, headers=headers), status, kind)


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/score", 405, "method-not-allowed"),
        ("DELETE", "/decide", 405, "method-not-allowed"),
        ("POST", "/readyz", 405, "method-not-allowed"),
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/static_content/nothing.js", 404, "not-found"),
        ("GET", "/v1/customers/%00", 400, "invalid-input"),
        ("GET", "/v1/customers/%FF", 400, "invalid-input"),
    ],
    ids=lambda one: str(one),
)
def test_errors_of_the_frame_have_the_one_shape(service, method, path, status, kind):
    assert_problem(httpx.request(method, service.url + path), status, kind)


def test_schemathesis_finds_no_fault_through_a_socket(service):
    import schemathesis

    schema = schemathesis.openapi.from_url(f"{service.url}/openapi.json", config=fuzz_config(linked=False))
    assert list(find_faults(schema.include(path_regex=r"^/(score|livez|readyz)$"))) == []


@pytest.mark.parametrize("path", ["/score", "/decide", "/v1/customers"])
def test_what_is_wrong_in_a_body_stays_out_of_the_log(service, path):
    wrong = {"customer_id": [PLANTED], "email": PLANTED, "context": {PLANTED: [PLANTED]}, "customers": PLANTED}
    for content in (json.dumps(wrong).encode(), json.dumps(wrong).encode()[:-5], PLANTED.encode()):
        assert_problem(httpx.post(service.url + path, content=content, headers=JSON), 400, "invalid-input")
    unread = httpx.post(service.url + path, content=PLANTED, headers={"content-type": PLANTED})
    assert_problem(unread, 415, "unsupported-media-type")
    assert "Starting production HTTP BentoServer" in service.log()
    assert PLANTED not in service.log()
    assert "Traceback" not in service.log()


def test_a_caller_who_hangs_up_leaves_no_trace(service):
    for path in ("/score", "/decide"):
        with begun(service, path, b'{"customer_id": "c1", ') as connection:
            connection.shutdown(socket.SHUT_RDWR)
    ask(service, "/score")
    assert "Traceback" not in service.log()


def begun(heed: ServiceProcess, path: str, first: bytes, length: int = 1000) -> socket.socket:
    """A connection whose request the application waits for: it has been told to go on with the body."""
    host, port = heed.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode())
    assert b"100 Continue" in connection.recv(1000)
    connection.sendall(first)
    return connection


def test_without_a_model_nothing_is_decided_until_there_is_one(tmp_path, model):
    place = tmp_path / "late"
    with service_process(tmp_path / "home", place) as heed:
        refused = httpx.get(f"{heed.url}/readyz")
        assert_problem(refused, 503, "unavailable")
        know(heed, "c1")
        for path in ("/decide", "/score"):
            problem = assert_problem(httpx.post(heed.url + path, json={"customer_id": "c1"}), 503, "unavailable")
            assert str(place) in problem["detail"]
        assert httpx.get(f"{heed.url}/v1/decisions?customer_id=c1").json() == {"decisions": []}
        shutil.copytree(model, tmp_path / "copy")
        (tmp_path / "copy").rename(place)
        heed.await_status("/readyz", 200)
        decision = ask(heed, "/decide")
        assert httpx.get(f"{heed.url}/v1/decisions?customer_id=c1").json() == {"decisions": [decision]}
        a_request_in_flight_is_finished(heed)


def a_request_in_flight_is_finished(heed: ServiceProcess) -> None:
    body = b'{"customer_id": "c1"}'
    with begun(heed, "/decide", body[:9], len(body)) as connection:
        heed.terminate()
        heed.until(lambda: heed.status("/livez", seconds=0.5) == 0, "the service to take no more requests")
        connection.sendall(body[9:])
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), answer
    heed.process.wait(timeout=60)
    assert json.loads(content)["decision_id"]
    assert "Traceback" not in heed.log()
