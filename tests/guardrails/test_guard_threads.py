"""A guard is asked by many threads at once where a database has many that write; it says to each what it says alone."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

from decisioning.customer import Facts
from guardrails.guard import guard_of
from guardrails.loading import plain_policy
from tests.guardrails import customers_at_random
from tests.guardrails.customers_at_random import ACTIONS
from tests.guardrails.given import NOW, policy
from tests.guardrails.test_columns_guard import CATALOGUE, RULES, TYPES

THREADS = 8


def judged(situations: list[Facts], threads: int) -> list[object]:
    """What a guard that has seen nothing yet says of each."""
    made = plain_policy(policy(*RULES, context={"context.campaign": "string"}))
    guard = guard_of(made, CATALOGUE, TYPES)
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda facts: guard.verdicts(facts, ACTIONS), situations))


def test_verdicts_of_many_threads_are_those_of_one():
    random = Random(1)
    situations = [
        Facts(customers_at_random.customer(random), NOW + timedelta(hours=random.randint(0, 24 * 400)))
        for _ in range(1_500)
    ]
    alone = judged(situations, 1)
    for _ in range(3):
        assert judged(situations, THREADS) == alone
