from collections.abc import Iterator
from pathlib import Path

import pytest

from heed.serving.ledger.ledger import Ledger
from tests.support.in_process_service import Heed, running_service
from tests.support.ledger_builders import Clock
from tests.support.ledger_stores import BOTH, Store, temporary_store


@pytest.fixture
def heed(tmp_path: Path) -> Iterator[Heed]:
    with running_service(tmp_path) as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=BOTH, ids=[f"on {one}" for one in BOTH])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with temporary_store(request.param, tmp_path) as empty:
        yield empty


@pytest.fixture
def ledger(store: Store, clock: Clock) -> Iterator[Ledger]:
    with store.open(clock) as opened:
        yield opened
