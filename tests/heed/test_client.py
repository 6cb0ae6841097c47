from collections.abc import Iterator

import httpx
import pytest

from heed.client import Client
from heed.decisioning.errors import Conflict, InvalidInput, KeyReused, NotFound, Unavailable
from tests.support.in_process_client import client_of
from tests.support.in_process_service import POLICY, Heed, running_service


@pytest.fixture
def service(tmp_path) -> Iterator[Heed]:
    with running_service(tmp_path) as started:
        started.know()
        yield started


@pytest.fixture
def client(service) -> Iterator[Client]:
    with client_of(service, "http://heed.test") as made:
        yield made


def test_a_decision_comes_back_and_can_be_read_again(client):
    decision = client.decide("c1", explain="none", idempotency_key="k")
    assert decision["disposition"] == "act"
    assert client.decide("c1", explain="none", idempotency_key="k") == decision
    assert client.decision(decision["decision_id"]) == decision


def test_facts_are_recorded_once(client):
    signal = {"signal_id": "s", "customer_id": "c1", "at": "2026-03-01T00:00:00Z", "type": "click"}
    assert client.record("signals", [signal]) == {"accepted": 1, "duplicates": 0}
    assert client.record("signals", [signal]) == {"accepted": 0, "duplicates": 1}
    assert client.customer("c1")["customer_id"] == "c1"


def test_an_objection_stops_marketing(client):
    said = {"customer_id": "C1", "recorded_at": "2026-03-01T00:00:00Z"}
    assert client.record("objections", [said]) == {"accepted": 1, "duplicates": 0}
    assert client.decide("c1")["binding_rule"] == "heed-objection"


def test_two_customers_become_one(client):
    assert client.merge("c1", "C0") == {"customer_id": "c1", "merged": True}
    assert client.customer("c0")["customer_id"] == "c1"


def test_an_id_may_hold_any_characters(service, client):
    odd = "a/b?c#d e%"
    service.know(odd, channels=())
    assert client.customer(odd)["customer_id"] == odd


def test_the_policy_in_force_is_shown_and_read_again(client):
    assert client.reload_policy() == client.policy()
    assert client.policy()["refused"] is None


def test_what_rules_have_said_is_counted(client):
    client.decide("c1")
    assert {one["id"]: one["evaluated"] for one in client.liveness()["rules"]}["consent"] == 1


def test_another_policy_is_compared_with_the_one_in_force(client):
    client.decide("c1")
    found = client.policy_diff(POLICY.replace("limit: 2", "limit: 0"), limit=10)
    assert (found["compared"], found["changed"]) == (1, 1)


def test_an_unknown_kind_of_fact_is_refused_before_it_is_sent(client):
    with pytest.raises(InvalidInput, match="unknown kind of facts in `kind`: `purchases`; use customers, consents"):
        client.record("purchases", [])


def test_problems_become_errors_with_field_value_and_remedy(client):
    with pytest.raises(InvalidInput, match="unknown action in `candidates`: `fax`; name actions of the catalogue"):
        client.decide("c1", candidates=["fax"])
    with pytest.raises(NotFound, match="none"):
        client.decision("none")


def test_another_request_under_the_same_key_is_an_error_of_its_own(client):
    client.decide("c1", idempotency_key="k")
    with pytest.raises(KeyReused, match="the key was used for another request"):
        client.decide("c2", idempotency_key="k")


def test_a_case_is_claimed_and_settled(tmp_path, service, client, monkeypatch):
    del tmp_path
    scorer = service.runtime.deployment.current().scorer
    monkeypatch.setattr(type(scorer), "score", _unsure(type(scorer).score))
    decision = client.decide("c1")
    assert [one["review_id"] for one in client.reviews()] == [decision["review_id"]]
    case = client.claim(decision["review_id"], "ana")
    settled = client.settle(decision["review_id"], "reject", reviewer="ana", fence=case["fence"], note="no")
    assert settled["state"] == "rejected"
    with pytest.raises(Conflict, match=r"rejected|settled"):
        client.settle(decision["review_id"], "approve", reviewer="ana", fence=case["fence"])


def test_a_service_that_is_not_there_is_unavailable_with_a_remedy():
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with (
        Client("http://heed.test", transport=httpx.MockTransport(refuse)) as alone,
        pytest.raises(Unavailable, match=r"does not answer at http://heed\.test.*start it with `heed serve`"),
    ):
        alone.decide("c1")


def _unsure(score):
    """Scores whose draws leave the chosen action best in a third of the states of the world."""

    def scored(self, facts, actions):
        scores = score(self, facts, actions)
        scores.propensity_draws[:] = 0.0
        scores.propensity_draws[1:, :4] = 0.9
        return scores

    return scored
