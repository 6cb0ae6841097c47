"""Every operation meets what is hostile, with a key and without: refused by what it is, before anything is done."""

import logging
import re
from collections.abc import Iterator

import pytest

from heed.decisioning.customer import ConsentStatus
from heed.serving.ledger.facts.reports import ConsentReport, CustomerReport
from heed.serving.ledger.ledger import Ledger
from tests.serving.api.test_api_problems import JSON, assert_problem
from tests.support.in_process_service import Heed, running_service
from tests.support.keyed_requests import issue_key
from tests.support.ledger_builders import NOON, act, wait
from tests.support.served_routes import GUARDED

BODIES = {
    "not UTF-8": b'{"reason": "\xff\xfe", "by": "ana", "customer_id": "\xc3\x28"}',
    "half a character": b'{"reason": "\\ud800", "by": "\\udfff", "customer_id": "\\ud800"}',
    "not a number": b'{"customer_id": "c1", "limit": NaN, "fence": NaN, "value": -Infinity}',
    "a huge number": b'{"customer_id": "c1", "limit": 1e999, "fence": 1' + b"0" * 5000 + b"}",
    "deep": b'{"customer_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "large": b'{"customer_id": "' + b"x" * (9 * 2**20) + b'"}',
}
INJECTED = (
    "x'; DELETE FROM customers; --",
    "x' OR '1'='1",
    'x"; DROP TABLE consents; --',
    "%(customer_id)s",
    ":customer_id",
    "x\\'; SELECT pg_sleep(9); --",
    "{0.__class__} %s ${jndi:ldap://127.0.0.1/x}",
)


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heed]:
    with running_service(tmp_path_factory.mktemp("everywhere")) as heed:
        heed.know()
        yield heed


def named(path: str) -> str:
    return re.sub(r"\{\w+\}", "x", path)


def bodied(heed: Heed) -> list[tuple[str, str]]:
    """Operations that take a body."""
    document = heed.get("/openapi.json")
    operations = [(method, path, one) for path, ways in document["paths"].items() for method, one in ways.items()]
    taking = [(method.upper(), path) for method, path, one in operations if "requestBody" in one]
    return [(method, named(path)) for method, path in taking]


@pytest.mark.parametrize("kind", BODIES)
def test_no_operation_takes_a_body_that_is(everywhere, kind, caplog):
    operations = bodied(everywhere)
    assert len(operations) >= 15
    with caplog.at_level(logging.WARNING):
        for method, path in operations:
            # Keys are made with a key alone; see below.
            if path != "/v1/keys":
                refuse(everywhere, method, path, kind)
    assert not caplog.records


def refuse(heed: Heed, method: str, path: str, kind: str, **shown: str) -> None:
    answer = heed.http.request(method, path, content=BODIES[kind], headers={**JSON, **shown})
    expected = (413, "too-large") if kind == "large" else (400, "invalid-input")
    assert_problem(answer, *expected)


def test_nor_does_the_one_that_makes_keys_which_needs_one(tmp_path):
    with running_service(tmp_path) as heed:
        key = issue_key(heed, "policy-admin")
        for kind in BODIES:
            refuse(heed, "POST", "/v1/keys", kind, **key)


@pytest.mark.parametrize("injected", INJECTED)
def test_what_looks_like_a_statement_is_an_id_like_any_other(everywhere, injected, caplog):
    with caplog.at_level(logging.DEBUG, logger="heed"):
        assert everywhere.decide(injected)["disposition"] == "hold"
        assert everywhere.http.get("/v1/decisions", params={"customer_id": injected}).json()["decisions"]
        for read in ("/v1/decisions/{}", "/v1/outbox/{}", "/v1/reviews/{}"):
            quoted = "".join(f"%{byte:02X}" for byte in injected.replace("/", "_").encode())
            assert_problem(everywhere.http.get(read.format(quoted)), 404, "not-found")
    assert injected not in caplog.text
    assert everywhere.get("/v1/customers/c1")["consents"]


def test_without_a_key_no_operation_so_much_as_reads_a_body(tmp_path):
    def endless() -> Iterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    with running_service(tmp_path) as heed:
        issue_key(heed, "policy-admin")
        for route in (one for one in GUARDED if not one.requirement.local):
            path = named(route.path)
            for shown in ({}, {"authorization": "Bearer heed_000000000000_" + "0" * 64}):
                content = endless() if route.method == "POST" else None
                answer = heed.http.request(route.method, path, content=content, headers={**JSON, **shown})
                assert_problem(answer, 401, "unauthorized")


@pytest.mark.parametrize("injected", INJECTED)
def test_on_both_databases_it_is_kept_as_it_came_and_does_nothing(ledger: Ledger, injected: str) -> None:
    for name in (injected, "ada"):
        wait(ledger.facts.record_customers([CustomerReport(name, attributes={injected: injected}, time_zone="UTC")]))
        granted = ConsentReport(f"k {name}", name, "email", injected, ConsentStatus.GRANTED, NOON)
        wait(ledger.facts.record_consents([granted]))
        wait(
            ledger.decisions.commit(
                act(f"d {name}", name, ledger.customers.snapshot(name).version, idempotency_key=injected + name)
            )
        )
    for name in (injected, "ada"):
        known = ledger.customers.snapshot(name).customer
        assert known.attributes == {injected: injected}
        assert [one.purpose for one in known.consents] == [injected]
        assert [one.decision_id for one in ledger.decisions.list(name)] == [f"d {name}"]
    assert len(ledger.outbox.ready()) == 2
