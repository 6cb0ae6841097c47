from urllib.parse import quote

import pytest

from heed.serving.ledger.ledger import Customers
from tests.support.in_process_service import MONDAY_MORNING

SIGNAL = {"signal_id": "s1", "customer_id": "c1", "at": MONDAY_MORNING.isoformat(), "type": "click"}

JSON = {"content-type": "application/json"}


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
        pytest.param({"customer_id": 7}, "customer_id", None, id="a wrong type of what is personal"),
        pytest.param({"customer_id": "c1", "candidates": 7}, "candidates", "7", id="a wrong type"),
        pytest.param({"customer_id": ""}, "customer_id", None, id="an empty id"),
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
    answer = heed.http.post("/v1/signals", content=b" " * (9 * 1024 * 1024), headers=JSON)
    assert assert_problem(answer, 413, "too-large")["remedy"] == "send at most 8 MiB at once"


@pytest.mark.parametrize(
    "announced",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"],
    ids=["nothing", "text", "a form", "a form of parts", "almost JSON"],
)
def test_only_json_is_read(heed, announced):
    headers = {} if announced is None else {"content-type": announced}
    answer = heed.http.post("/decide", content=b'{"customer_id": "c1"}', headers=headers)
    problem = assert_problem(answer, 415, "unsupported-media-type")
    assert (problem["field"], problem["value"]) == ("Content-Type", announced or "nothing")


@pytest.mark.parametrize("announced", ["application/json; charset=utf-8", "Application/JSON", "application/json "])
def test_json_may_be_announced_with_parameters_and_in_any_case(heed, announced):
    answer = heed.http.post("/decide", content=b'{"customer_id": "c1"}', headers={"content-type": announced})
    assert answer.status_code == 200


def test_a_wrong_method_is_told_which_there_are(heed):
    answer = heed.http.get("/decide")
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        (b"true", True),
        (b'"1"', "1"),
        (b"3", 3),
        (b"-0.5", -0.5),
        (b"1e308", 1e308),
        (b"1e30", 1e30),
        (b"%d" % 2**53, 2**53),
        (b"-%d" % 2**53, -(2**53)),
        (b"null", None),
    ],
    ids=lambda one: repr(one)[:12],
)
def test_a_value_is_taken_as_written(heed, written, taken):
    customer = b'{"customers": [{"customer_id": "c1", "attributes": {"a": %b}}]}' % written
    assert heed.http.post("/v1/customers", content=customer, headers=JSON).status_code == 200
    stored = heed.get("/v1/customers/c1")["attributes"]["a"]
    assert (stored, type(stored)) == (taken, type(taken))


@pytest.mark.parametrize(
    "written",
    [
        b"%d" % (2**53 + 1),
        b"-%d" % (2**53 + 1),
        b"1" + b"0" * 30,
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"1" + b"0" * 400,
        b"[1]",
        b"{}",
        b'"' + b"x" * 1001 + b'"',
    ],
    ids=lambda one: repr(one)[:12],
)
def test_a_value_that_is_none_stores_nothing(heed, written):
    customer = b'{"customers": [{"customer_id": "c1", "attributes": {"a": %b}}]}' % written
    answer = heed.http.post("/v1/customers", content=customer, headers=JSON)
    assert_problem(answer, 400, "invalid-input")
    assert heed.http.get("/v1/customers/c1").status_code == 404


def test_a_value_of_no_kind_is_one_fault(heed):
    answer = heed.http.post("/decide", json={"customer_id": "c1", "context": {"page": [1]}})
    problem = assert_problem(answer, 400, "invalid-input")
    assert problem["field"] == "context.page"
    assert "a value is a text of at most 1000 characters" in problem["detail"]
    assert "faults" not in problem


DEEP = b'{"customer_id": "c1", "context": {"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"


@pytest.mark.parametrize(
    "content",
    [
        DEEP,
        b'{"customer_id": "\xff"}',
        b'{"customer_id": "\xed\xa0\x80"}',
        b'{"customer_id": "\\ud800"}',
        b'{"customer_id": "a\\u0000b"}',
        b'\xef\xbb\xbf{"customer_id": "c1"}',
        '{"customer_id": "c1"}'.encode("utf-16"),
        b'{"customer_id": "c1"} {}',
        b'{"customer_id": "c1",}',
        b"{'customer_id': 'c1'}",
        b'{"customer_id": "' + b"x" * 201 + b'"}',
        b'{"customer_id": "c1", "candidates": ["mail", "mail"]}',
        b'{"customer_id": "c1", "context": {"": 1}}',
        b"null",
        b"\x1f\x8b\x08\x00",
    ],
    ids=[
        "very deep",
        "no UTF-8",
        "an encoded surrogate",
        "a lone surrogate",
        "a NUL",
        "a byte order mark",
        "UTF-16",
        "two objects",
        "a trailing comma",
        "single quotes",
        "a long id",
        "a candidate twice",
        "an empty name",
        "null",
        "gzip",
    ],
)
@pytest.mark.parametrize("path", ["/decide", "/v1/signals"])
def test_odd_bodies_are_refused_with_reasons(heed, path, content):
    assert_problem(heed.http.post(path, content=content, headers=JSON), 400, "invalid-input")


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/v1/customers/%00", 400, "invalid-input"),
        ("/v1/customers/%0A", 404, "not-found"),
        ("/v1/customers/" + "x" * 201, 400, "invalid-input"),
        ("/v1/customers/%FF%FE", 400, "invalid-input"),
        ("/v1/customers/%F0%9F%A6%86", 404, "not-found"),
        ("/v1/customers/%20", 400, "invalid-input"),
        ("/v1/customers/a%2Fb", 404, "not-found"),
        ("/v1/customers/'; DROP TABLE customers; --", 404, "not-found"),
        ("/v1/customers/%2E%2E", 404, "not-found"),
        ("/v1/reviews/..%2F..%2Fetc", 404, "not-found"),
        ("/v1/decisions/?", 404, "not-found"),
        ("/v1/customers/c1/", 404, "not-found"),
        ("//v1/customers/c1", 404, "not-found"),
        ("/v1/decisions?customer_id=%00", 400, "invalid-input"),
        ("/v1/decisions?customer_id=a&limit=99999999999999999999", 400, "invalid-input"),
        ("/v1/reviews?limit=ten", 400, "invalid-input"),
    ],
    ids=ascii,
)
def test_odd_paths_are_answered_with_problems(heed, path, status, kind):
    assert_problem(heed.http.get(path), status, kind)


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("/v1/decisions?customer_id=c1&limt=3", "send only customer_id, limit"),
        ("/v1/reviews?limt=3", "send only limit, order, state"),
        ("/v1/policy?limt=3", "this path takes none"),
    ],
    ids=["decisions", "reviews", "policy"],
)
def test_an_unknown_parameter_is_refused(heed, path, remedy):
    problem = assert_problem(heed.http.get(path), 400, "invalid-input")
    assert (problem["field"], problem["remedy"]) == ("query.limt", remedy)


@pytest.mark.parametrize(
    "written",
    [
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-01:00",
        "2026-02-30T00:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T23:59:60Z",
        "2026-03-02 10:00:00Z",
        "2026-03-02T10:00Z",
        "\u0662026-03-02T10:00:00Z",
    ],
    ids=ascii,
)
def test_a_moment_that_is_none_is_refused(heed, written):
    answer = heed.http.post("/v1/signals", json={"signals": [{**SIGNAL, "at": written}]})
    problem = assert_problem(answer, 400, "invalid-input")
    assert (problem["field"], problem["value"]) == ("signals.0.at", written)


@pytest.mark.parametrize("customer_id", ["a/b", "ä ö", "?&#", "🦆", "'; --"], ids=ascii)
def test_a_customer_of_any_id_can_be_read_again(heed, customer_id):
    heed.post("/v1/customers", {"customers": [{"customer_id": customer_id}]})
    assert heed.get("/v1/customers/" + quote(customer_id, safe=""))["customer_id"] == customer_id


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
    assert "s1" in assert_problem(answer, 409, "conflict")["detail"]


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

    monkeypatch.setattr(Customers, "snapshot", broken)
    answer = heed.http.post("/decide", json={"customer_id": "c1"})
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
