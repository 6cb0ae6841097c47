"""Logged decisions whose true risk is known at every threshold."""

from functools import cache

import numpy as np

from heed.training.certificate.decision_points import DecisionPoints


def risk_at(confidence, frailty):
    """Probability of harm: falls with confidence, scaled by the customer's frailty."""
    return np.clip((0.01 + 0.3 * (1.0 - confidence) ** 2) * frailty, 0.0, 1.0)


def harm_samples(customers: int, seed: int, *, logged: bool = False) -> DecisionPoints:
    """One to four decisions per customer; with `logged`, propensities depend on the customer."""
    generator = np.random.default_rng(seed)
    counts = generator.integers(1, 5, customers)
    customer = np.repeat(np.arange(customers), counts)
    frailty = np.repeat(generator.gamma(2.0, 0.5, customers), counts)
    confidence = generator.beta(3.0, 1.5, len(customer))
    # Frail customers are contacted as heed would more often, so unweighted losses would mislead.
    match = np.minimum(0.15 + 0.15 * frailty, 0.9) if logged else np.full(len(customer), 0.25)
    executed = generator.random(len(customer)) < match
    loss = (generator.random(len(customer)) < risk_at(confidence, frailty)).astype(np.float64)
    weight = 1.0 / match if logged else np.ones(len(customer))
    return DecisionPoints(customer, confidence, executed, loss, weight, bound=1.0 / 0.15 if logged else 1.0)


@cache
def true_risk(threshold: float, rows: int = 200_000) -> float:
    """Mean loss of acts at or above this confidence, over all customers."""
    generator = np.random.default_rng(5)
    confidence, frailty = generator.beta(3.0, 1.5, rows), generator.gamma(2.0, 0.5, rows)
    mine = confidence >= threshold
    return float(risk_at(confidence[mine], frailty[mine]).mean())
