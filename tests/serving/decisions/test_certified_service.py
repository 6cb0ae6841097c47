"""A service whose policy demands a certificate: what it does with the model's, without one, and after it expires."""

from datetime import timedelta

import pytest

from heed.decisioning.net_value_digest import net_value_digest
from heed.decisioning.value import ValueTerms
from heed.serving.replay import receipt
from heed.serving.replay.replay import differences
from tests.support.certificates import certificate
from tests.support.in_process_service import MONDAY_MORNING, OFFERS, POLICY, running_service

DEMANDING = POLICY.replace(
    "act_at_least: 0.7", "act_at_least: 0.7, certificate: {required: true, loss: harm, alpha: 0.02, delta: 0.1}"
)
VALID = certificate(
    weighing=net_value_digest(ValueTerms(harm_cost=20.0), OFFERS),
    certified_at=MONDAY_MORNING - timedelta(days=1),
    valid_until=MONDAY_MORNING + timedelta(days=1),
)


@pytest.mark.parametrize(
    ("carried", "spread", "disposition", "reason"),
    [
        (VALID, 0.0, "act", None),
        (VALID, 0.12, "review", "is below the 80.0% certified to keep harm at most 2 % with probability 0.9"),
        (None, 0.0, "review", "A valid certificate of harm is required. The model carries no certificate."),
        (certificate(), 0.0, "review", "made for other terms of value or another catalogue"),
    ],
    ids=["sure enough", "not sure enough", "no certificate", "of other net values"],
)
def test_heed_acts_alone_only_as_far_as_it_is_certified(tmp_path, carried, spread, disposition, reason):
    with running_service(tmp_path, policy=DEMANDING, certificate=carried, spread=spread) as heed:
        heed.know()
        answer = heed.decide()
    assert answer["disposition"] == disposition
    assert reason is None or reason in answer["reasons"][0]
    assert answer["binding_rule"] == (None if reason is None else "minimum-confidence")


def test_an_expired_certificate_sends_every_act_to_a_person(tmp_path):
    with running_service(tmp_path, policy=DEMANDING, certificate=VALID) as heed:
        heed.know("c1")
        heed.know("c2")
        before = heed.decide("c1")
        heed.clock.advance(days=1)
        after = heed.decide("c2")
    assert (before["disposition"], after["disposition"]) == ("act", "review")
    assert "The certificate expired on 2026-03-03 10:00 UTC." in after["reasons"][0]


def test_a_policy_without_a_demand_decides_as_if_there_were_no_certificate(tmp_path):
    said = []
    for name, carried in (("with", VALID), ("without", None)):
        with running_service(tmp_path / name, certificate=carried, spread=0.12) as heed:
            heed.know()
            said.append(heed.decide())
    assert said[0]["candidates"] == said[1]["candidates"]
    assert said[0]["reasons"] == said[1]["reasons"]


def test_a_decision_under_a_certificate_comes_out_the_same_when_it_is_made_again_after_its_end(tmp_path):
    with running_service(tmp_path, policy=DEMANDING, certificate=VALID) as heed:
        heed.know()
        answer = heed.decide()
        heed.clock.advance(days=400)
        ledger = heed.runtime.ledger
        in_force = heed.runtime.deployment.current()
        sent = ledger.decisions.get(answer["decision_id"]).answer
        kept = receipt.unpack(ledger.decisions.receipt(answer["decision_id"]))
    assert differences(kept, in_force, sent) == ()


def test_the_policy_page_shows_what_the_model_is_certified_for(tmp_path):
    with running_service(tmp_path, policy=DEMANDING, certificate=VALID) as heed:
        shown = heed.get("/v1/policy")["certificate"]
        checked = heed.post("/v1/policy/check", {"policy": POLICY})["certificate"]
    assert shown == checked
    assert shown["promise"] == "harm at most 2 % with probability 0.9"
    assert (shown["threshold"], shown["customers"], shown["upper"]) == (0.8, 900, 0.018)
    assert shown["valid_until"] == "2026-03-03T10:00:00Z"
    with running_service(tmp_path / "bare") as heed:
        assert heed.get("/v1/policy")["certificate"] is None
