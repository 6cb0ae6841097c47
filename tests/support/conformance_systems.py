"""Stub systems under test: one gives the same outcome every time, one supports nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from heed.guardrails.conformance.system import Json, NotSupported, Outcome, Reply


@dataclass
class ConstantSystem:
    """Gives every decision the same outcome, and accepts everything else."""

    outcome: Outcome
    name: str = "always"
    numbers: Any = field(default_factory=lambda: count(1))

    def begin(self, scenario: str) -> None:
        del scenario

    def set_clock(self, now: datetime) -> None:
        del now

    def load(self, policy: str, actions: Sequence[Json]) -> Reply:
        del policy, actions
        return Reply(Outcome.DONE)

    def report(self, kind: str, facts: Sequence[Json]) -> Reply:
        del kind, facts
        return Reply(Outcome.DONE)

    def merge(self, kept: str, merged: str) -> Reply:
        del kept, merged
        return Reply(Outcome.DONE)

    def decide(self, request: Json, key: str | None) -> Reply:
        number = str(next(self.numbers)) if key is None else key
        review = number if self.outcome is Outcome.REVIEW else None
        return Reply(
            self.outcome,
            customer=request["customer_id"],
            tells_rule=False,
            decision=number,
            review=review,
            action="mail",
        )

    def decide_batch(self, requests: Sequence[Json], key: str | None) -> Sequence[Reply]:
        return [self.decide(one, key) for one in requests]

    def settle(self, review: str, verdict: str, reviewer: str, action: str | None) -> Reply:
        del review, verdict, reviewer, action
        return Reply(Outcome.DONE)

    def waiting(self, customers: Sequence[str]) -> Sequence[Reply]:
        return [Reply(self.outcome, customer=one) for one in customers]


class UnsupportedSystem(ConstantSystem):
    """Accepts facts and policies, and supports no decisions."""

    def decide(self, request: Json, key: str | None) -> Reply:
        del request, key
        raise NotSupported("it does not decide")

    def decide_batch(self, requests: Sequence[Json], key: str | None) -> Sequence[Reply]:
        del requests, key
        raise NotSupported("it does not decide")
