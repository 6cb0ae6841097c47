"""A ledger in PostgreSQL, in the place of one in each of the databases."""

import pytest

from serving.ledger.opening import open_ledger
from tests.serving import postgres


@pytest.fixture
def url():
    with postgres.lent() as found:
        yield found


@pytest.fixture
def ledger(url, clock):
    with open_ledger(url, clock=clock, key=postgres.KEY) as opened:
        yield opened
