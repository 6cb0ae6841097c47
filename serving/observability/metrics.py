"""What heed counts, for Prometheus."""

import asyncio
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from heed.decisioning.decision import Decision
from heed.guardrails.policy.policy_model import Policy
from heed.serving.ledger.outbox import Backlog
from heed.serving.observability.rule_monitor import RuleMonitor
from heed.serving.observability.timings import STAGES, StageTimings
from heed.serving.schemas.responses import PolicyRef

_LATENCIES = (0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class _Rules(Collector):
    """Verdicts of rules as Prometheus metrics, collected at each scrape."""

    def __init__(self, monitor: RuleMonitor) -> None:
        self._monitor = monitor

    def collect(self) -> Iterator[Metric]:
        verdicts = CounterMetricFamily(
            "heed_rule_verdicts", "Decisions in which a rule gave a verdict, by verdict.", labels=["rule", "said"]
        )
        fired = GaugeMetricFamily("heed_rule_last_fired_seconds", "When a rule last triggered.", labels=["rule"])
        silent = GaugeMetricFamily(
            "heed_rule_silent", "1 while a rule that used to trigger no longer does.", labels=["rule"]
        )
        for stats in self._monitor.all():
            for name in ("evaluated", "suppressed", "reviewed", "errored", "observed"):
                verdicts.add_metric([stats.rule, name], getattr(stats, name))
            if stats.last_fired is not None:
                fired.add_metric([stats.rule], stats.last_fired.timestamp())
            silent.add_metric([stats.rule], int(stats.silent_since is not None))
        yield from (verdicts, fired, silent)


class Metrics:
    """Counters of one process, in a registry of their own.

    Parameters
    ----------
    stretch : int
        Decisions without a trigger after which a rule counts as silent.
    """

    def __init__(self, stretch: int = 1000) -> None:
        self.registry = CollectorRegistry()
        self.rule_monitor = RuleMonitor(stretch)
        self.registry.register(_Rules(self.rule_monitor))
        self.decisions = Counter(
            "heed_decisions", "Decisions answered.", ["disposition", "binding_rule"], registry=self.registry
        )
        self.seconds = Histogram(
            "heed_decide_seconds", "Time from request to committed answer.", buckets=_LATENCIES, registry=self.registry
        )
        self.stages = Histogram(
            "heed_stage_seconds",
            "Time of one stage of a decision.",
            ["stage"],
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self._stages = {name: self.stages.labels(name) for name in STAGES}
        self.problems = Counter("heed_problems", "Errors answered.", ["status"], registry=self.registry)
        self.ready = Gauge("heed_ready", "1 while decisions can be made.", registry=self.registry)
        self.refused = Gauge(
            "heed_policy_refused", "1 while the policy file is not the policy in force.", registry=self.registry
        )
        self.withdrawn = Counter(
            "heed_outbox_withdrawn",
            "Messages withdrawn instead of delivered.",
            ["rule"],
            registry=self.registry,
        )
        self.attempts = Counter(
            "heed_outbox_attempts",
            "Delivery attempts, by result.",
            ["result"],
            registry=self.registry,
        )
        self.waiting = Gauge("heed_outbox_waiting", "Messages that wait for an executor.", registry=self.registry)
        self.oldest = Gauge("heed_outbox_oldest_seconds", "Age of the oldest of them.", registry=self.registry)
        self.disabled = Gauge("heed_webhook_disabled", "1 while a webhook is disabled.", registry=self.registry)
        self.policy = Gauge("heed_policy_info", "The policy in force.", ["name", "hash"], registry=self.registry)

    def record_decision(self, decision: Decision, at: datetime, policy: Policy, *, replayed: bool) -> None:
        """Count one decision and the verdicts of its rules, unless it only repeats one."""
        if not replayed:
            self.decisions.labels(decision.disposition.value, decision.binding_rule or "").inc()
            # After the answer: counting the verdicts of fifty rules on twenty candidates takes a tenth of deciding.
            asyncio.get_running_loop().call_soon(self.rule_monitor.record, decision, at, policy)

    def record_timings(self, timings: StageTimings) -> None:
        """Count how long the stages of one decision took."""
        for name, began, ended in timings.laps:
            self._stages[name].observe((ended - began) / 1e9)

    def set_policy(self, policy: PolicyRef | None, *, ready: bool, rejected: bool) -> None:
        """Show the policy in force, and whether its file says something else."""
        self.ready.set(int(ready))
        self.refused.set(int(rejected))
        self.policy.clear()
        if policy is not None:
            self.policy.labels(policy.name, policy.hash).set(1)

    def set_backlog(self, backlog: Backlog, now: datetime, *, disabled: bool) -> None:
        """Show what waits for an executor."""
        self.waiting.set(backlog.messages)
        self.oldest.set(0.0 if backlog.since is None else max((now - backlog.since).total_seconds(), 0.0))
        self.disabled.set(int(disabled))

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self.registry)
