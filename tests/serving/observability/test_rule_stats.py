"""What rules have said is counted, kept, and told of where one that used to object has fallen silent."""

import logging
from datetime import timedelta

import pytest

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Customer, Facts
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect
from heed.guardrails.policy.compile import failure_verdict, observe_only
from heed.serving.observability.rule_monitor import MIN_OBJECTIONS
from tests.support.doubles import FixedScorer
from tests.support.in_process_service import MONDAY_MORNING, OFFERS, POLICY, active_versions, running_service

WANTING = """
  - {id: grown, purpose: Grown., owner: crm, kind: condition, allow_when: 'customer.age >= 18.0'}
  - {id: tried, purpose: Tried., owner: crm, kind: condition, mode: observe, suppress_when: 'customer.age < 30.0'}
"""
ASKING = """
  - {id: volume, purpose: Enough., owner: crm, kind: volume_limit, contacts: 5, window: 1d}
  - {id: identity, purpose: Sure., owner: crm, kind: identity, at_least: 0.9}
  - {id: grown, purpose: Grown., owner: crm, kind: condition, allow_when: 'customer.age >= 18.0'}
  - {id: frail, purpose: Frail., owner: crm, kind: human_review, attributes: [age]}
  - {id: feast-days, purpose: Rest., owner: crm, kind: quiet_hours, holidays: true}
  - {id: harm, purpose: No harm., owner: crm, kind: harm_ceiling, at_most: 0.1}
"""


@pytest.fixture
def heed(tmp_path):
    with running_service(tmp_path, policy=POLICY + WANTING, silence_decisions=10) as started:
        yield started


def counts(heed):
    return {one["id"]: one for one in heed.get("/v1/policy/liveness")["rules"]}


def said(heed, rule):
    one = counts(heed)[rule]
    return tuple(one[name] for name in ("evaluated", "suppressed", "reviewed", "errored", "observed"))


def test_decisions_are_counted_by_what_each_rule_said_in_them(heed):
    heed.know(attributes={"age": 20})
    heed.decide()
    heed.know("nobody-asked", channels=(), attributes={"age": 50})
    heed.decide("nobody-asked")
    assert said(heed, "consent") == (2, 1, 0, 0, 0)
    assert said(heed, "grown") == (2, 0, 0, 0, 0)
    assert said(heed, "tried") == (2, 0, 0, 0, 1)


def test_a_rule_that_lacks_a_fact_errs_and_suppresses(heed):
    heed.know()
    heed.decide()
    assert said(heed, "grown") == (1, 1, 0, 1, 0)
    assert said(heed, "tried") == (1, 0, 0, 1, 1)


def test_what_is_only_answered_again_is_not_counted_again(heed):
    heed.know(attributes={"age": 40})
    for _ in range(3):
        heed.decide(key="k")
    assert said(heed, "consent")[0] == 1


def test_a_rule_that_has_not_spoken_stands_at_nothing(heed):
    assert said(heed, "cap-email") == (0, 0, 0, 0, 0)
    assert counts(heed)["cap-email"]["last_fired"] is None


def test_the_time_of_the_last_objection_is_told(heed):
    heed.know(attributes={"age": 12})
    heed.decide()
    heed.clock.advance(hours=1)
    heed.know(attributes={"age": 40})
    heed.decide()
    assert counts(heed)["grown"]["last_fired"] == "2026-03-02T10:00:00Z"


def fall_silent(heed, times=MIN_OBJECTIONS):
    """One stretch in which `grown` objects so often, and one in which it does not."""
    heed.know("child", attributes={"age": 12})
    heed.know("adult", attributes={"age": 40})
    for place in range(20):
        heed.decide("child" if place < times else "adult", candidates=["mail"])


def test_a_rule_that_used_to_object_and_stops_is_told_of_in_the_log_the_metrics_and_the_answer(heed, caplog):
    with caplog.at_level(logging.WARNING, "heed.serving"):
        fall_silent(heed)
    assert "rule `grown` triggered in 5 of 10 decisions and in none of the 10 after them" in caplog.text
    assert "does it still match?" in counts(heed)["grown"]["warning"]
    assert 'heed_rule_silent{rule="grown"} 1.0' in heed.http.get("/metrics").text
    assert counts(heed)["consent"]["warning"] is None
    heed.decide("child")
    assert counts(heed)["grown"]["warning"] is None


def test_a_rule_that_hardly_ever_objected_is_not_called_silent(heed):
    fall_silent(heed, times=MIN_OBJECTIONS - 1)
    assert counts(heed)["grown"]["silent_since"] is None


def test_a_rule_that_still_objects_is_not_called_silent(heed):
    fall_silent(heed, times=11)
    assert counts(heed)["grown"]["silent_since"] is None


def test_a_rule_that_no_longer_speaks_at_all_is_silent_too(tmp_path):
    file = tmp_path / "policy.yaml"
    with running_service(tmp_path, policy=POLICY + WANTING, file=file, silence_decisions=10) as heed:
        heed.know("child", attributes={"age": 12})
        for _ in range(10):
            heed.decide("child")
        file.write_text((POLICY + WANTING).replace("{id: grown,", "{id: grown, valid_until: '2026-01-01T00:00:00Z',"))
        for _ in range(10):
            heed.decide("child")
        assert counts(heed)["grown"]["silent_since"] is not None
        file.write_text(POLICY)
        heed.post("/v1/policy/reload", None)
        assert "grown" not in counts(heed)


def test_a_restart_forgets_nothing(tmp_path):
    told = {"policy": POLICY + WANTING, "silence_decisions": 10}
    with running_service(tmp_path, **told) as heed:
        heed.know("child", attributes={"age": 12})
        heed.know("adult", attributes={"age": 40})
        for _ in range(MIN_OBJECTIONS):
            heed.decide("child")
        before = heed.get("/v1/policy/liveness")
    with running_service(tmp_path, **told) as heed:
        assert heed.get("/v1/policy/liveness") == before
        for _ in range(15):
            heed.decide("adult")
        assert counts(heed)["grown"]["warning"] is not None


def test_metrics_count_per_rule(heed):
    heed.know(attributes={"age": 12})
    heed.decide()
    text = heed.http.get("/metrics").text
    assert 'heed_rule_verdicts_total{rule="grown",said="suppressed"} 1.0' in text
    assert f'heed_rule_last_fired_seconds{{rule="grown"}} {MONDAY_MORNING.timestamp():.7e}' in text


class TestLacking:
    """A rule that fails or lacks a fact marks its verdict, so that it is not taken for one that objects."""

    @pytest.mark.parametrize("rule", ["volume", "identity", "grown", "frail", "feast-days"])
    def test_a_rule_that_lacks_its_fact_says_so(self, rule):
        guard = active_versions(FixedScorer({}), OFFERS, POLICY + ASKING).guard
        verdicts = guard.verdicts(Facts(Customer("c"), MONDAY_MORNING), OFFERS[:1])[0]
        verdict = next(one for one in verdicts if one.rule == rule)
        assert verdict.effect is not Effect.ALLOW
        assert verdict.lacking
        assert observe_only(verdict).lacking
        assert observe_only(verdict).tried

    def test_so_is_a_rule_of_the_second_look(self):
        guard = active_versions(FixedScorer({}), OFFERS, POLICY + ASKING).guard
        choice = Choice(OFFERS[0], 0.3, 1.0, 0.9)
        said = {one.rule: one for one in guard.choice_verdicts(Facts(Customer("c"), MONDAY_MORNING), choice)}
        assert said["harm"].lacking
        assert not said["minimum-confidence"].lacking

    def test_so_is_a_condition_of_eligibility(self):
        grown = Action("mail", "email", "marketing", "x", 1.0, "y", 7.0, eligibility="customer.age >= 18.0")
        guard = active_versions(FixedScorer({}), (grown,), POLICY).guard
        verdicts = guard.verdicts(Facts(Customer("c"), MONDAY_MORNING), (grown,))[0]
        assert [one.lacking for one in verdicts if one.rule == "eligibility"] == [True]

    def test_so_is_a_rule_that_fails(self):
        rule = active_versions(FixedScorer({}), OFFERS, POLICY).policy.rules[0]
        assert failure_verdict(rule, ZeroDivisionError()).lacking

    def test_objections_of_rules_that_know_enough_lack_nothing(self):
        guard = active_versions(FixedScorer({}), OFFERS, POLICY).guard
        objecting = guard.verdicts(Facts(Customer("c"), MONDAY_MORNING + timedelta(hours=13)), OFFERS)
        said = {verdict for verdicts in objecting for verdict in verdicts if verdict.effect is Effect.SUPPRESS}
        assert {one.rule for one in said} >= {"consent", "quiet-hours"}
        assert not any(one.lacking for one in said)
        assert not any(one.tried for one in said)
