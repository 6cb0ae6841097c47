"""What is killed and for whom it decides; here a quick server of a few actions."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.crashes.offers import CHANNELS
from heed.decisioning.customer import ConsentStatus
from heed.serving.ledger.facts.reports import ConsentReport, CustomerReport
from heed.serving.ledger.ledger import Ledger

_AGREEING = 200
Settle = Callable[[Ledger], Awaitable[Sequence[str]]]


@dataclass(frozen=True)
class Subject:
    """A server to be killed.

    Attributes
    ----------
    command : callable
        The command that serves on a port.
    settle : callable
        Puts customers on record and returns their ids.
    environment : mapping of str to str
        What the server is told besides where its ledger is.
    """

    command: Callable[[int], Sequence[str]]
    settle: Settle
    environment: Mapping[str, str] = field(default_factory=dict)


def quick(home: Path, *, hasty: bool) -> Subject:
    """The server of `benchmarks.crashes.server`, with customers who agreed to everything."""
    manner = "hasty" if hasty else "honest"
    return Subject(
        lambda port: [sys.executable, "-m", "benchmarks.crashes.server", str(home), str(port), manner], _agreeing
    )


async def _agreeing(ledger: Ledger) -> Sequence[str]:
    names = tuple(f"customer-{number}" for number in range(_AGREEING))
    await ledger.facts.record_customers([CustomerReport(name, time_zone="UTC") for name in names])
    now = datetime.now(UTC)
    granted = [
        ConsentReport(f"{name}-{channel}", name, channel, "marketing", ConsentStatus.GRANTED, now)
        for name in names
        for channel in CHANNELS
    ]
    await ledger.facts.record_consents(granted)
    return names
