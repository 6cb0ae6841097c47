import json

import pytest
from click.testing import CliRunner

from heed.cli.keys import keys
from heed.cli.serve import check_bind
from heed.client import Client
from heed.decisioning.errors import NotFound, Unavailable
from heed.serving.errors import Forbidden, LedgerLocked, Unauthorized
from heed.serving.ledger.connect import open_ledger
from heed.serving.settings import Settings
from tests.support.in_process_client import client_of
from tests.support.in_process_service import Heed, running_service
from tests.support.keyed_requests import issue_key


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEED_HOME", str(tmp_path))
    monkeypatch.delenv("HEED_API_KEY", raising=False)
    return tmp_path


def ran(*said: str) -> str:
    done = CliRunner().invoke(keys, said, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.stdout


@pytest.mark.usefixtures("home")
def test_the_first_key_is_made_before_there_is_a_service_and_shown_once():
    token = ran("create", "--name", "admin", "--role", "policy-admin").strip()
    made = json.loads(ran("create", "--name", "crm", "--role", "service", "--scope", "scores:read", "--json"))
    listed = ran("list", "--json")
    assert token not in listed
    assert {one["name"]: one["scopes"] for one in json.loads(listed)}["crm"] == ["scores:read"]
    assert made["key"]["key_id"] in ran("revoke", made["key"]["key_id"])
    assert "revoked" in ran("list")


@pytest.mark.usefixtures("home")
def test_a_key_that_there_is_not_cannot_be_revoked():
    ran("create", "--name", "admin", "--role", "policy-admin")
    with pytest.raises(NotFound, match="no such key in `key_id`: `none`"):
        ran("revoke", "none")


@pytest.mark.usefixtures("home")
def test_beside_a_service_a_key_is_needed_to_make_one():
    ran("create", "--name", "admin", "--role", "policy-admin")
    with open_ledger(Settings().ledger_path):
        assert "admin" in ran("list")
        with pytest.raises(LedgerLocked, match=r"another process writes .* set HEED_API_KEY to a policy admin's key"):
            ran("create", "--name", "crm", "--role", "service")


@pytest.mark.usefixtures("home")
def test_heed_refuses_to_serve_others_until_there_is_a_key(monkeypatch):
    monkeypatch.setenv("HEED_HOST", "0.0.0.0")
    for _ in range(2):
        with pytest.raises(
            Unavailable, match=r"heed binds to localhost only in `host`: `0.0.0.0`; create one with `heed keys cr"
        ):
            check_bind(Settings())
        ran("list")
    ran("create", "--name", "admin", "--role", "policy-admin")
    check_bind(Settings())


@pytest.fixture
def service(tmp_path):
    with running_service(tmp_path) as started:
        yield started


def shown(service: Heed, role: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client that takes its key from the environment."""
    monkeypatch.setenv("HEED_API_KEY", issue_key(service, role)["authorization"].removeprefix("Bearer "))
    return client_of(service, "http://heed.test")


def test_the_client_shows_the_key_of_the_environment(service, monkeypatch):
    with shown(service, "policy-admin", monkeypatch) as client:
        made = client.create_key("crm", "service")
        assert {one["name"] for one in client.keys()} == {"crm", "the-policy-admin"}  # noqa: SIM118 - no mapping
        assert client.revoke_key(made["key"]["key_id"])["live"] is False
        with pytest.raises(Forbidden, match="this key lacks the scope decisions:make"):
            client.decide("c1")


def test_without_its_key_the_client_is_told_that_it_needs_one(service, monkeypatch):
    issue_key(service, "auditor")
    monkeypatch.delenv("HEED_API_KEY", raising=False)
    with client_of(service, "http://heed.test") as client, pytest.raises(Unauthorized, match="missing API key"):
        client.policy()


def test_a_reviewer_is_whose_key_it_is(tmp_path, monkeypatch):
    with running_service(tmp_path, propensities={"mail": 0.30, "text": 0.29, "banner": 0.05}, spread=0.1) as service:
        service.know()
        review_id = service.decide()["review_id"]
        with shown(service, "reviewer", monkeypatch) as client:
            case = client.claim(review_id, "somebody else")
            assert case["claimed_by"] == "the-reviewer"
            assert client.settle(review_id, "reject", fence=case["fence"])["resolved_by"] == "the-reviewer"
