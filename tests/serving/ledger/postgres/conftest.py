"""A ledger in PostgreSQL, in the place of one in each of the databases."""

import pytest

from heed.serving.ledger.connect import open_ledger
from tests.support import postgres_server


@pytest.fixture
def url():
    with postgres_server.temporary_ledger() as found:
        yield found


@pytest.fixture
def ledger(url, clock):
    with open_ledger(url, clock=clock, key=postgres_server.KEY) as opened:
        yield opened
