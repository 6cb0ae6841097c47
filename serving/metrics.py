"""What heed counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from decisioning.decision import Decision
from serving.answer import PolicyRef

_LATENCIES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.decisions = Counter(
            "heed_decisions", "Decisions answered.", ["disposition", "binding_rule"], registry=self.registry
        )
        self.seconds = Histogram(
            "heed_decide_seconds", "Time from request to committed answer.", buckets=_LATENCIES, registry=self.registry
        )
        self.problems = Counter("heed_problems", "Errors answered.", ["status"], registry=self.registry)
        self.ready = Gauge("heed_ready", "1 while decisions can be made.", registry=self.registry)
        self.refused = Gauge(
            "heed_policy_refused", "1 while the policy file is not the policy in force.", registry=self.registry
        )
        self.policy = Gauge("heed_policy_info", "The policy in force.", ["name", "hash"], registry=self.registry)

    def decided(self, decision: Decision, *, replayed: bool) -> None:
        """Count one decision, unless it only repeats one."""
        if not replayed:
            self.decisions.labels(decision.disposition.value, decision.binding_rule or "").inc()

    def stands(self, policy: PolicyRef | None, *, ready: bool, refused: bool) -> None:
        """Say what is in force."""
        self.ready.set(int(ready))
        self.refused.set(int(refused))
        self.policy.clear()
        if policy is not None:
            self.policy.labels(policy.name, policy.hash).set(1)

    def text(self) -> bytes:
        """The exposition format of Prometheus."""
        return generate_latest(self.registry)
