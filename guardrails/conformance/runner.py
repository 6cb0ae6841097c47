"""Run scenarios against a system."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import singledispatchmethod
from typing import Any

from heed.guardrails.conformance.expectation import differences
from heed.guardrails.conformance.scenario import Scenario
from heed.guardrails.conformance.scenario_facts import FACT_KINDS, Fact, ScenarioNames, build_fact, initial_facts
from heed.guardrails.conformance.scenario_files import SharedDefinitions, ThemedScenario, read_shared
from heed.guardrails.conformance.scenario_policy import build_actions, build_policy
from heed.guardrails.conformance.steps import Burst, Clock, Collect, Decide, Executed, Load, Merge, Report, Settle, Step
from heed.guardrails.conformance.system import NotSupported, Outcome, Reply, System


class ScenarioVerdict(StrEnum):
    """Verdict on a system in a scenario."""

    HELD = "held"
    FAILED = "failed"
    NOT_SUPPORTED = "not supported"


@dataclass(frozen=True)
class ScenarioResult:
    """Result of one scenario.

    Attributes
    ----------
    why : tuple of str
        Why it failed or is not supported; empty where it held.
    """

    told: ThemedScenario
    verdict: ScenarioVerdict
    why: tuple[str, ...] = ()


def run_scenarios(
    scenarios: Sequence[ThemedScenario], system: System, progress: Callable[[ScenarioResult], None] = lambda _: None
) -> list[ScenarioResult]:
    """Run scenarios against a system, one after the other.

    Parameters
    ----------
    progress : callable
        Called with every result as it comes.
    """
    shared = read_shared()
    results = []
    for scenario in scenarios:
        results.append(_result(scenario, system, shared))
        progress(results[-1])
    return results


def _result(scenario: ThemedScenario, system: System, shared: SharedDefinitions) -> ScenarioResult:
    try:
        differences_found = tuple(play_scenario(scenario.scenario, system, shared))
    except NotSupported as reason:
        return ScenarioResult(scenario, ScenarioVerdict.NOT_SUPPORTED, (str(reason),))
    return ScenarioResult(
        scenario, ScenarioVerdict.FAILED if differences_found else ScenarioVerdict.HELD, differences_found
    )


def play_scenario(scenario: Scenario, system: System, shared: SharedDefinitions) -> Iterator[str]:
    """Run one scenario; yields its differences from the expectations as sentences.

    Raises
    ------
    NotSupported
        If the system cannot do what the scenario needs, or rejects its setup.
    """
    play = ScenarioRun(system, shared, ScenarioNames(scenario.id), scenario.given.clock)
    play.begin(scenario)
    for step in scenario.when:
        replies = play.take(step)
        if step.called is not None:
            play.replies[step.called] = replies
    for expected in scenario.then:
        yield from differences(expected, play.replies, play.names.prefix)


@dataclass
class ScenarioRun:
    """State of one running scenario.

    Attributes
    ----------
    replies : mapping of str to replies
        Replies by the name of their step.
    """

    system: System
    shared: SharedDefinitions
    names: ScenarioNames
    now: datetime
    actions: list[dict[str, Any]] = field(default_factory=list)
    replies: dict[str, Sequence[Reply]] = field(default_factory=dict)

    def begin(self, scenario: Scenario) -> None:
        """Set up the scenario. Where the system rejects the setup, it does not support the scenario."""
        given = scenario.given
        self.system.begin(scenario.id)
        self.system.set_clock(self.now)
        self.actions = build_actions(given.actions, self.shared)
        _taken("policy", self.system.load(build_policy(given.policy, self.shared), self.actions))
        for name, customer in given.customers.items():
            facts = {} if customer is None else initial_facts(self.names, name, customer, self.now)
            for kind, entries in facts.items():
                _taken(kind, self.system.report(kind, entries))

    @singledispatchmethod
    def take(self, step: Step) -> Sequence[Reply]:
        """Run a step and return its replies."""
        raise TypeError(f"no way to take the step {type(step).__name__}")

    @take.register
    def _(self, step: Decide) -> Sequence[Reply]:
        return [self.system.decide(self._request(step.customer, step), self._key(step.key))]

    @take.register
    def _(self, step: Burst) -> Sequence[Reply]:
        key = self._key(step.key)
        requests = [self._request(customer, step) for customer in step.customers for _ in range(step.times)]
        if step.together:
            return self.system.decide_batch(requests, key)
        with ThreadPoolExecutor(len(requests)) as at_once:
            return list(at_once.map(lambda request: self.system.decide(request, key), requests))

    @take.register
    def _(self, step: Clock) -> Sequence[Reply]:
        self.now = step.at or self.now
        self.now += step.later or self.now - self.now
        self.system.set_clock(self.now)
        return ()

    @take.register
    def _(self, step: Report) -> Sequence[Reply]:
        facts: dict[str, list[Fact]] = {
            kind: [build_fact(self.names, kind, said, self.now) for said in getattr(step, kind)] for kind in FACT_KINDS
        }
        return [self.system.report(kind, entries) for kind, entries in facts.items() if entries]

    @take.register
    def _(self, step: Load) -> Sequence[Reply]:
        return [self.system.load(build_policy(step.policy, self.shared), self.actions)]

    @take.register
    def _(self, step: Settle) -> Sequence[Reply]:
        review = self.replies[step.case][0].review
        if review is None:
            return [Reply(Outcome.REFUSED, detail="there is no review case")]
        return [self.system.settle(review, step.verdict, self.names(step.reviewer), step.action)]

    @take.register
    def _(self, step: Executed) -> Sequence[Reply]:
        decided = self.replies[step.decision][0]
        told = {"contact_id": self.names.fresh("contacts"), "customer_id": decided.customer, "status": step.status}
        at = (step.at or self.now).isoformat()
        return [self.system.report("contacts", [{**told, "decision_id": decided.decision, "at": at}])]

    @take.register
    def _(self, step: Merge) -> Sequence[Reply]:
        return [self.system.merge(self.names(step.kept), self.names(step.merged))]

    @take.register
    def _(self, step: Collect) -> Sequence[Reply]:
        return self.system.waiting([self.names(name) for name in step.customers])

    def _request(self, customer: str, step: Decide | Burst) -> Mapping[str, Any]:
        request: dict[str, Any] = {"customer_id": self.names(customer)}
        if step.candidates is not None:
            request["candidates"] = list(step.candidates)
        if isinstance(step, Decide):
            more = {"context": step.context, "customer": step.knows}
            request |= {name: value for name, value in more.items() if value is not None}
        return request

    def _key(self, key: str | None) -> str | None:
        return None if key is None else self.names(key)


def _taken(what: str, reply: Reply) -> None:
    if reply.outcome is not Outcome.DONE:
        raise NotSupported(f"the {what} given: {reply.outcome.value} ({reply.detail})")
