"""Steps become requests, in order, with the clock as it stands."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from heed.guardrails.conformance.runner import ScenarioVerdict, play_scenario, run_scenarios
from heed.guardrails.conformance.scenario_files import ThemedScenario, read_shared
from heed.guardrails.conformance.system import Json, NotSupported, Outcome, Reply
from tests.support.conformance_scenarios import parsed_scenario
from tests.support.conformance_systems import ConstantSystem


@dataclass
class Recording(ConstantSystem):
    """Keeps what it was asked."""

    outcome: Outcome = Outcome.ACT
    asked: list[tuple[str, Any]] = field(default_factory=list)
    refused: tuple[str, ...] = ()

    def set_clock(self, now: datetime) -> None:
        self.asked.append(("clock", now.isoformat()))

    def load(self, policy: str, actions: Sequence[Json]) -> Reply:
        self.asked.append(("load", (policy, [one["action_id"] for one in actions])))
        return Reply(Outcome.DONE)

    def report(self, kind: str, facts: Sequence[Json]) -> Reply:
        self.asked.append((kind, [dict(one) for one in facts]))
        return Reply(Outcome.REFUSED if kind in self.refused else Outcome.DONE, detail="not like this")

    def decide(self, request: Json, key: str | None) -> Reply:
        self.asked.append(("decide", (dict(request), key)))
        return super().decide(request, key)

    def settle(self, review: str, verdict: str, reviewer: str, action: str | None) -> Reply:
        self.asked.append(("settle", (review, verdict, reviewer, action)))
        return Reply(Outcome.DONE)

    def merge(self, kept: str, merged: str) -> Reply:
        self.asked.append(("merge", (kept, merged)))
        return Reply(Outcome.DONE)


def asked(system: Recording, kind: str, **fields: Any) -> list[Any]:
    list(play_scenario(parsed_scenario(**fields), system, read_shared()))
    return [what for name, what in system.asked if name == kind]


def test_what_is_given_comes_first_the_clock_before_the_policy_before_the_facts() -> None:
    system = Recording()
    asked(system, "decide")
    assert [name for name, _ in system.asked] == ["clock", "load", "customers", "consents", "decide"]


def test_rules_that_are_named_are_loaded_with_what_every_policy_begins_with() -> None:
    ((policy, actions),) = asked(Recording(), "load")
    loaded = json.loads(policy)
    assert [rule["id"] for rule in loaded["rules"]] == ["consent"]
    assert (loaded["name"], actions) == ("conformance", ["mail"])


def test_a_request_names_the_customer_and_what_is_said_and_nothing_else() -> None:
    steps = [
        {"do": "decide", "customer": "ada", "called": "first"},
        {"do": "decide", "customer": "ada", "candidates": ["mail"], "context": {"page": 1}, "key": "k"},
    ]
    assert asked(Recording(), "decide", when=steps) == [
        ({"customer_id": "test/ada"}, None),
        ({"customer_id": "test/ada", "candidates": ["mail"], "context": {"page": 1}}, "test/k"),
    ]


def test_a_burst_asks_so_many_times_for_each() -> None:
    customers = {"ada": {}, "bob": {}}
    given = {"clock": "2026-03-04T12:00:00Z", "policy": [], "customers": customers}
    steps = [{"do": "burst", "customers": ["ada", "bob"], "times": 3, "called": "first"}]
    requests = asked(Recording(), "decide", given=given, when=steps)
    assert sorted(request["customer_id"] for request, _ in requests) == ["test/ada"] * 3 + ["test/bob"] * 3


def test_the_clock_is_set_or_goes_on() -> None:
    steps = [
        {"do": "clock", "at": "2026-03-05T00:00:00Z"},
        {"do": "clock", "later": "90m"},
        {"do": "decide", "customer": "ada", "called": "first"},
    ]
    assert asked(Recording(), "clock", when=steps)[1:] == ["2026-03-05T00:00:00+00:00", "2026-03-05T01:30:00+00:00"]


def test_a_contact_is_reported_for_the_decision_that_reserved_it() -> None:
    steps = [
        {"do": "decide", "customer": "ada", "key": "d1", "called": "first"},
        {"do": "executed", "decision": "first", "status": "failed"},
    ]
    ((told,),) = asked(Recording(), "contacts", when=steps)
    assert (told["decision_id"], told["customer_id"], told["status"]) == ("test/d1", "test/ada", "failed")


def test_a_case_is_settled_by_the_reviewer_that_is_named() -> None:
    steps = [
        {"do": "decide", "customer": "ada", "key": "d1", "called": "first"},
        {"do": "settle", "case": "first", "verdict": "override", "action": "letter", "reviewer": "eve"},
    ]
    assert asked(Recording(Outcome.REVIEW), "settle", when=steps) == [("test/d1", "override", "test/eve", "letter")]


def test_a_case_that_was_never_opened_cannot_be_settled() -> None:
    steps = [
        {"do": "decide", "customer": "ada", "called": "first"},
        {"do": "settle", "case": "first", "called": "approved"},
    ]
    scenario = parsed_scenario(when=steps, then=[{"of": "approved", "outcome": "refused"}])
    system = Recording(Outcome.HOLD)
    assert list(play_scenario(scenario, system, read_shared())) == []
    assert "settle" not in [name for name, _ in system.asked]


def test_customers_are_merged_under_the_ids_of_the_scenario() -> None:
    given = {"clock": "2026-03-04T12:00:00Z", "policy": [], "customers": {"ada": {}, "old": None}}
    steps = [{"do": "merge", "kept": "ada", "merged": "old"}, {"do": "decide", "customer": "ada", "called": "first"}]
    assert asked(Recording(), "merge", given=given, when=steps) == [("test/ada", "test/old")]


def test_a_system_that_does_not_take_what_is_given_does_not_support_the_scenario() -> None:
    system = Recording(refused=("consents",))
    with pytest.raises(NotSupported, match=r"the consents given: refused \(not like this\)"):
        list(play_scenario(parsed_scenario(), system, read_shared()))
    (result,) = run_scenarios([ThemedScenario("Test", parsed_scenario())], system)
    assert (result.verdict, result.why) == (
        ScenarioVerdict.NOT_SUPPORTED,
        ("the consents given: refused (not like this)",),
    )
