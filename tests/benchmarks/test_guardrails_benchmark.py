"""The benchmark of guardrails measures what it says it measures."""

from benchmarks.fuzzed_conditions import VARIABLES
from benchmarks.guardrails import RULES, SEGMENTS, copies, many_rules
from benchmarks.guardrails_agreement import agreement
from heed.decisioning.catalogue import Catalogue
from heed.guardrails.guard import bind_policy
from tests.support.guardrail_builders import DAY, action, contact, facts, granted


def test_agreement_counts_every_case_once_and_finds_no_disagreement():
    found = agreement(600, seed=1)
    assert found["cases"] == 600
    assert found["holds"] + found["does not hold"] + found["undecidable"] == 600
    assert found["as columns"] + found["row by row"] == 600
    assert min(found["as columns"], found["row by row"], found["undecidable"], found["holds"]) > 0
    assert found["disagree"] == 0


def test_agreement_would_see_a_disagreement(monkeypatch):
    monkeypatch.setattr("benchmarks.guardrails_agreement._alone", lambda _, row: len(row) > len(VARIABLES))
    assert agreement(200, seed=1)["disagree"] > 0


def test_the_policy_of_many_rules_has_so_many_and_loads():
    loaded = many_rules(RULES)
    assert len(loaded.policy.rules) == RULES
    assert len(loaded.policy.context) == len(SEGMENTS)
    offers = Catalogue("EUR", tuple(action(f"{channel}_a", channel) for channel in ("email", "sms", "call")))
    assert len(bind_policy(loaded, offers).evaluators) > 40


def test_copies_are_customers_of_their_own_with_times_of_their_own():
    one = facts(contacts=(contact(DAY),), consents=(granted(),)).customer
    first, second, third = copies([one], 3)
    assert len({first.customer_id, second.customer_id, third.customer_id}) == 3
    assert first.contacts[0].at > second.contacts[0].at > third.contacts[0].at
    assert first.consents[0].recorded_at > second.consents[0].recorded_at
