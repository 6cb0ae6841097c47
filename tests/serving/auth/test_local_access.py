"""Without keys only this machine's own user is answered."""

import logging
import socket
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from heed.decisioning.errors import Unavailable
from heed.serving.auth.bind_check import check_bind_address, listening_addresses
from heed.serving.auth.loopback import is_loopback
from tests.serving.api.test_api_problems import assert_problem
from tests.support.in_process_service import Heed
from tests.support.keyed_requests import issue_key


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.9.1", "localhost", "LOCALHOST.", "::1", "::ffff:127.0.0.1"], ids=str
)
def test_loopback_is_known(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example", "", "::ffff:10.0.0.1", "127.1"],
    ids=str,
)
def test_anything_else_is_not_loopback(host):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"host": "evil.example"}, "the Host header must name this machine"),
        ({"host": "127.0.0.1.evil.example:3000"}, "the Host header must name this machine"),
        ({"host": "[::2]:3000"}, "the Host header must name this machine"),
        ({"origin": "http://evil.example"}, "no cross-site request"),
        ({"origin": "null"}, "no cross-site request"),
        ({"origin": "http://127.0.0.1:8080"}, "no cross-site request"),
        ({"sec-fetch-site": "cross-site"}, "no cross-site request"),
        ({"sec-fetch-site": "same-site", "origin": "http://127.0.0.1"}, "no cross-site request"),
        ({"x-forwarded-for": "10.0.0.1"}, "no proxied request"),
        ({"forwarded": "for=10.0.0.1"}, "no proxied request"),
        ({"via": "1.1 proxy"}, "no proxied request"),
    ],
    ids=lambda one: repr(one) if isinstance(one, dict) else "",
)
def test_what_another_site_or_machine_may_have_sent_is_refused(heed, headers, said):
    answer = heed.http.post("/decide", json={"customer_id": "c1"}, headers=headers)
    assert said in assert_problem(answer, 403, "forbidden")["detail"]
    assert heed.get("/v1/decisions?customer_id=c1") == {"decisions": []}


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost:3000"},
        {"host": "[::1]:3000"},
        {"host": "127.0.0.1:3000", "origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
    ids=["by name", "by IPv6", "from its own page", "typed by hand"],
)
def test_this_machines_user_is_answered(heed, headers):
    assert heed.http.post("/decide", json={"customer_id": "c1"}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "ends",
    [
        {"client": ("10.0.0.7", 1)},
        {"base_url": "http://10.0.0.1", "headers": {"host": "127.0.0.1"}},
    ],
    ids=["from elsewhere", "by way of an outer address"],
)
def test_other_machines_are_refused_without_keys_and_answered_with_one(heed: Heed, ends):
    here = {"base_url": "http://127.0.0.1", "client": ("127.0.0.1", 1)}
    elsewhere = TestClient(heed.http.app, **{**here, **ends})
    assert_problem(elsewhere.get("/v1/policy"), 403, "forbidden")
    assert_problem(elsewhere.get("/metrics"), 401, "unauthorized")
    assert elsewhere.get("/readyz").json() == {"ready": True, "parts": {}}
    key = issue_key(heed, "auditor")
    assert elsewhere.get("/v1/policy", headers=key).status_code == 200
    assert elsewhere.get("/metrics", headers=key).status_code == 200
    assert elsewhere.get("/readyz", headers=key).json()["parts"]["access"]["detail"] == "asks for keys"


def test_metrics_are_open_to_this_machine_where_there_are_keys(heed):
    issue_key(heed, "auditor")
    assert heed.http.get("/metrics").status_code == 200
    assert_problem(heed.http.get("/metrics", headers={"host": "evil.example"}), 401, "unauthorized")


def test_an_open_service_says_so(heed):
    assert "no API keys" in heed.http.get("/readyz").text
    issue_key(heed, "auditor")
    assert "no API keys" not in heed.http.get("/readyz").text


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "heed.example"])
def test_an_open_service_refuses_to_listen_to_others(host):
    with pytest.raises(Unavailable, match=f"localhost only in `host`: `{host}`; create one with `heed keys create"):
        check_bind_address(["127.0.0.1", host], keys=False)
    check_bind_address([host], keys=True)


def test_an_open_service_on_loopback_is_told_of(caplog):
    with caplog.at_level(logging.WARNING, logger="heed.serving"):
        check_bind_address(["127.0.0.1", "::1"], keys=False)
    assert "no API keys" in caplog.text


def test_the_sockets_on_which_this_process_listens_are_found():
    with closing(socket.socket()) as quiet, closing(socket.create_server(("127.0.0.2", 0))):
        quiet.bind(("127.0.0.3", 0))
        found = list(listening_addresses())
    assert "127.0.0.2" in found
    assert "127.0.0.3" not in found
