"""Minimal conformance scenarios."""

from collections.abc import Sequence
from typing import Any

from heed.guardrails.conformance.expectation import Expectation, differences
from heed.guardrails.conformance.scenario import Scenario
from heed.guardrails.conformance.scenario_facts import ScenarioNames
from heed.guardrails.conformance.system import Outcome, Reply

CLOCK = "2026-03-04T12:00:00+00:00"


def scenario(**fields: Any) -> dict[str, Any]:
    usual = {
        "id": "test",
        "title": "Something holds",
        "source": {"says": "A known trap."},
        "given": {"clock": CLOCK, "policy": ["consent"], "customers": {"ada": {}}},
        "when": [{"do": "decide", "customer": "ada", "called": "first"}],
        "then": [{"of": "first", "outcome": "act"}],
    }
    return {**usual, **fields}


def parsed_scenario(**fields: Any) -> Scenario:
    return Scenario.model_validate(scenario(**fields))


def names() -> ScenarioNames:
    return ScenarioNames("test")


def differences_from(expected: dict[str, Any], **replies: Sequence[Reply]) -> list[str]:
    return list(differences(Expectation.model_validate(expected), replies, "test/"))


def reply(outcome: Outcome = Outcome.ACT, **fields: Any) -> Reply:
    return Reply(outcome, **fields)
