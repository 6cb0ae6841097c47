from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.ledger.ledger import Ledger
from tests.serving.ledger_cases import Clock
from tests.serving.running import Heed, running
from tests.serving.stores import BOTH, Store, stored


@pytest.fixture
def heed(tmp_path: Path) -> Iterator[Heed]:
    with running(tmp_path) as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=BOTH, ids=[f"on {one}" for one in BOTH])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with stored(request.param, tmp_path) as empty:
        yield empty


@pytest.fixture
def ledger(store: Store, clock: Clock) -> Iterator[Ledger]:
    with store.open(clock) as opened:
        yield opened
