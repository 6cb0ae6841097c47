import pytest

from tests.serving.running import MONDAY_MORNING

SIGNAL = {"signal_id": "s1", "customer_id": "c1", "at": MONDAY_MORNING.isoformat(), "type": "click"}


def assert_problem(answer, status, kind):
    """The one shape of every error."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:heed:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        pytest.param({"customer_id": "c1", "custmer": {}}, "custmer", None, id="an unknown field"),
        pytest.param({}, "customer_id", None, id="a missing field"),
        pytest.param({"customer_id": 7}, "customer_id", "7", id="a wrong type"),
        pytest.param({"customer_id": ""}, "customer_id", "", id="an empty id"),
        pytest.param({"customer_id": "c1", "explain": "most"}, "explain", "most", id="an unknown choice"),
        pytest.param({"customer_id": "c1", "candidates": []}, "candidates", None, id="no candidates"),
        pytest.param(
            {"customer_id": "c1", "customer": {"consents": []}}, "customer.consents", None, id="consent sent inline"
        ),
    ],
)
def test_a_wrong_field_is_named_with_its_value(heed, body, field, value):
    problem = assert_problem(heed.http.post("/decide", json=body), 400, "invalid-input")
    assert problem["field"] == field
    assert problem.get("value") == value
    assert problem["remedy"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b'"text"', b"\xff\xfe", b'{"customer_id": "c1", "context": {"a": NaN}}', b"[" * 5000],
    ids=["nothing", "half an object", "a list", "a text", "not UTF-8", "not a number", "very deep"],
)
def test_a_body_that_is_no_request_is_refused(heed, content):
    answer = heed.http.post("/decide", content=content, headers={"content-type": "application/json"})
    assert_problem(answer, 400, "invalid-input")


def test_a_body_that_is_too_large_is_refused(heed):
    answer = heed.http.post("/v1/signals", content=b" " * (9 * 1024 * 1024))
    assert "too large" in assert_problem(answer, 400, "invalid-input")["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/decide", 405, "method-not-allowed"),
        ("GET", "/v1/decisions/none", 404, "not-found"),
        ("GET", "/v1/customers/none", 404, "not-found"),
        ("GET", "/v1/reviews/none", 404, "not-found"),
        ("GET", "/v1/decisions", 400, "invalid-input"),
        ("GET", "/v1/reviews?state=lost", 400, "invalid-input"),
        ("GET", "/v1/reviews?limit=0", 400, "invalid-input"),
    ],
    ids=lambda value: str(value),
)
def test_every_error_has_the_one_shape(heed, method, path, status, kind):
    assert_problem(heed.http.request(method, path), status, kind)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "2026-03-02T10:00:00"}, "signals.0.at"),
        ({"at": "yesterday"}, "signals.0.at"),
        ({"at": 1700000000}, "signals.0.at"),
        ({"certainty": 0}, "signals.0.certainty"),
        ({"certainty": 1.1}, "signals.0.certainty"),
        ({"certainty": "1"}, "signals.0.certainty"),
        ({"signal_id": "a\nb"}, "signals.0.signal_id"),
    ],
    ids=["no offset", "no time", "a number", "no certainty", "too certain", "certainty as text", "a line break"],
)
def test_a_faulty_fact_stores_nothing_of_its_request(heed, change, field):
    sound = {**SIGNAL, "signal_id": "sound"}
    answer = heed.http.post("/v1/signals", json={"signals": [{**SIGNAL, **change}, sound]})
    assert assert_problem(answer, 400, "invalid-input")["field"] == field
    assert heed.http.get("/v1/customers/c1").status_code == 404


def test_an_id_with_other_content_is_refused_and_named(heed):
    heed.post("/v1/signals", {"signals": [SIGNAL]})
    assert heed.post("/v1/signals", {"signals": [SIGNAL]}) == {"accepted": 0, "duplicates": 1}
    answer = heed.http.post("/v1/signals", json={"signals": [{**SIGNAL, "type": "open"}]})
    assert "s1" in assert_problem(answer, 400, "invalid-input")["detail"]


def test_a_grant_of_everything_is_refused(heed):
    statement = {
        "consent_id": "a",
        "customer_id": "c1",
        "channel": "*",
        "purpose": "marketing",
        "status": "granted",
        "recorded_at": MONDAY_MORNING.isoformat(),
    }
    answer = heed.http.post("/v1/consents", json={"consents": [statement]})
    assert "a grant must name one channel" in assert_problem(answer, 400, "invalid-input")["detail"]


def test_an_unforeseen_error_tells_nothing_of_the_inside(heed, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("secret path /srv/heed")

    monkeypatch.setattr(type(heed.runtime.ledger), "known", broken)
    answer = heed.http.post("/decide", json={"customer_id": "c1"})
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
