"""heed comes through every scenario, and no system that does not tell restraint from its absence comes through any."""

import re
from collections.abc import Mapping
from functools import cache

import pytest

from heed.guardrails.conformance.result_table import results_as_markdown
from heed.guardrails.conformance.runner import ScenarioResult, ScenarioVerdict, run_scenarios
from heed.guardrails.conformance.scenario import Scenario
from heed.guardrails.conformance.scenario_files import SCENARIOS, ThemedScenario, read_scenarios, read_shared
from heed.guardrails.conformance.system import Outcome
from tests.support.conformance_systems import ConstantSystem, UnsupportedSystem
from tests.support.paths import DOCS

PAGE = DOCS / "conformance.md"
MARK = "<!-- What follows is what `heed conformance --markdown` prints. -->\n\n"
# Reading the files in full takes seconds, and every worker would do so before its first test.
IDS = [
    scenario_id
    for file in sorted(SCENARIOS.glob("*.yaml"))
    for scenario_id in re.findall(r"^  - id: (\S+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
]


@cache
def scenarios() -> tuple[ThemedScenario, ...]:
    return read_scenarios()


def test_every_scenario_is_run() -> None:
    assert [one.scenario.id for one in scenarios()] == IDS


@pytest.mark.slow
@pytest.mark.parametrize("scenario_id", IDS)
def test_heed_holds(scenario_id: str, results: Mapping[str, ScenarioResult]) -> None:
    result = results[scenario_id]
    assert (result.verdict, result.why) == (ScenarioVerdict.HELD, ())


@pytest.mark.slow
def test_the_tables_of_the_page_are_those_of_a_run(results: Mapping[str, ScenarioResult]) -> None:
    shown = PAGE.read_text(encoding="utf-8").partition(MARK)[2]
    assert shown == results_as_markdown(scenarios(), {"heed": list(results.values())})


@pytest.mark.parametrize("outcome", [Outcome.ACT, Outcome.HOLD, Outcome.REVIEW, Outcome.UNAVAILABLE])
def test_a_system_that_answers_the_same_to_all_fails_every_scenario(outcome: Outcome) -> None:
    found = run_scenarios(scenarios(), ConstantSystem(outcome))
    assert [result.told.scenario.id for result in found if result.verdict is not ScenarioVerdict.FAILED] == []


def test_a_system_that_cannot_decide_neither_holds_nor_fails() -> None:
    assert {result.verdict for result in run_scenarios(scenarios(), UnsupportedSystem(Outcome.HOLD))} == {
        ScenarioVerdict.NOT_SUPPORTED
    }


def test_there_are_sixty_scenarios_and_most_have_a_source_to_point_at() -> None:
    cited = [one for one in scenarios() if one.scenario.source.url is not None]
    assert len(scenarios()) >= 60
    assert len(cited) > len(scenarios()) / 2


def test_every_reply_that_has_a_name_is_expected_to_be_something() -> None:
    unused = {one.scenario.id: _called(one.scenario) - _used(one.scenario) for one in scenarios()}
    assert {scenario_id: names for scenario_id, names in unused.items() if names} == {}


def test_every_shared_rule_and_action_is_used() -> None:
    shared = read_shared()
    rules = {one for told in scenarios() for one in _rules(told.scenario) if isinstance(one, str)}
    actions = {one for told in scenarios() for one in told.scenario.given.actions if isinstance(one, str)}
    assert rules == set(shared.rules)
    assert actions == set(shared.actions)


def _called(scenario: Scenario) -> set[str]:
    return {step.called for step in scenario.when if step.called is not None}


def _used(scenario: Scenario) -> set[str]:
    compared = {expected.same_as for expected in scenario.then if expected.same_as is not None}
    leaned_on = {getattr(step, name) for step in scenario.when for name in ("case", "decision") if hasattr(step, name)}
    return {name for expected in scenario.then for name in expected.of} | compared | leaned_on


def _rules(scenario: Scenario) -> list[object]:
    policies = [scenario.given.policy, *(step.policy for step in scenario.when if hasattr(step, "policy"))]
    lists = [policy["rules"] if isinstance(policy, Mapping) else policy for policy in policies]
    return [rule for rules in lists if not isinstance(rules, str) for rule in rules]
