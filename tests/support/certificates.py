"""A certificate with fields that the test chooses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from heed.decisioning.certificate import Certificate, Evidence, Loss

CERTIFIED_AT = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = Certificate(
    loss=Loss.HARM,
    alpha=0.02,
    delta=0.1,
    threshold=0.8,
    evidence=Evidence(contacts=5000, customers=4000, executed=900, risk=0.011, upper=0.018),
    method="binomial",
    grid=(0.9, 0.8, 0.7),
    data_digest="d" * 64,
    model_digest="e" * 64,
    weighing="f" * 64,
    sealed=True,
    certified_at=CERTIFIED_AT,
    valid_until=CERTIFIED_AT + timedelta(days=90),
    assumptions=("Customers are exchangeable.",),
)


def certificate(**changed: Any) -> Certificate:
    return replace(PLAIN, **changed)
