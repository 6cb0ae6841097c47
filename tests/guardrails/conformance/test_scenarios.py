"""heed comes through every scenario, and no system that does not tell restraint from its absence comes through any."""

from collections.abc import Mapping

import pytest

from heed.guardrails.conformance.result_table import results_as_markdown
from heed.guardrails.conformance.runner import ScenarioResult, ScenarioVerdict, run_scenarios
from heed.guardrails.conformance.scenario import Scenario
from heed.guardrails.conformance.scenario_files import ThemedScenario, read_scenarios, read_shared
from heed.guardrails.conformance.system import Outcome
from tests.support.conformance_systems import ConstantSystem, UnsupportedSystem
from tests.support.paths import DOCS

PAGE = DOCS / "conformance.md"
MARK = "<!-- What follows is what `heed conformance --markdown` prints. -->\n\n"
TOLD = read_scenarios()
EACH = pytest.mark.parametrize("told", TOLD, ids=lambda told: told.scenario.id)


@EACH
def test_heed_holds(told: ThemedScenario, results: Mapping[str, ScenarioResult]) -> None:
    result = results[told.scenario.id]
    assert (result.verdict, result.why) == (ScenarioVerdict.HELD, ())


def test_the_tables_of_the_page_are_those_of_a_run(results: Mapping[str, ScenarioResult]) -> None:
    shown = PAGE.read_text(encoding="utf-8").partition(MARK)[2]
    assert shown == results_as_markdown(TOLD, {"heed": list(results.values())})


@pytest.mark.parametrize("outcome", [Outcome.ACT, Outcome.HOLD, Outcome.REVIEW, Outcome.UNAVAILABLE])
def test_a_system_that_answers_the_same_to_all_fails_every_scenario(outcome: Outcome) -> None:
    found = run_scenarios(TOLD, ConstantSystem(outcome))
    assert [result.told.scenario.id for result in found if result.verdict is not ScenarioVerdict.FAILED] == []


def test_a_system_that_cannot_decide_neither_holds_nor_fails() -> None:
    assert {result.verdict for result in run_scenarios(TOLD, UnsupportedSystem(Outcome.HOLD))} == {
        ScenarioVerdict.NOT_SUPPORTED
    }


def test_there_are_sixty_scenarios_and_most_have_a_source_to_point_at() -> None:
    cited = [one for one in TOLD if one.scenario.source.url is not None]
    assert len(TOLD) >= 60
    assert len(cited) > len(TOLD) / 2


@EACH
def test_every_reply_that_has_a_name_is_expected_to_be_something(told: ThemedScenario) -> None:
    assert _called(told.scenario) <= _used(told.scenario)


def test_every_shared_rule_and_action_is_used() -> None:
    shared = read_shared()
    rules = {one for told in TOLD for one in _rules(told.scenario) if isinstance(one, str)}
    actions = {one for told in TOLD for one in told.scenario.given.actions if isinstance(one, str)}
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
