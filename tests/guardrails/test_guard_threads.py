"""A guard is asked by many threads at once where a database has many that write; it says to each what it says alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest

from heed.decisioning.customer import Facts
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import policy_from_data
from tests.guardrails.vectorized.test_vectorized_guard import CATALOGUE, RULES, TYPES
from tests.support import random_customers
from tests.support.guardrail_builders import NOW, policy
from tests.support.random_customers import ACTIONS

THREADS = 8


def judged(situations: list[Facts], threads: int) -> list[object]:
    """What a guard that has seen nothing yet says of each."""
    made = policy_from_data(policy(*RULES, context={"context.campaign": "string"}))
    guard = bind_policy(made, CATALOGUE, TYPES)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda facts: guard.verdicts(facts, ACTIONS), situations))


@pytest.mark.slow
def test_verdicts_of_many_threads_are_those_of_one():
    random = Random(1)
    situations = [
        Facts(random_customers.customer(random), NOW + timedelta(hours=random.randint(0, 24 * 400)))
        for _ in range(1_500)
    ]
    alone = judged(situations, 1)
    for _ in range(3):
        assert judged(situations, THREADS) == alone
