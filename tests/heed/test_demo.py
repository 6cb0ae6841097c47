from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from heed.cli.output import progress
from heed.decisioning.errors import Conflict
from heed.demo.build import STEPS, build_home, draw_customers
from heed.serving.settings import Settings


def test_a_home_with_a_ledger_of_its_own_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    settings.ledger_path.write_bytes(b"somebody's decisions")
    with (
        progress(STEPS) as steps,
        pytest.raises(Conflict, match=r"holds a ledger already in `HEED_HOME`.*set HEED_HOME to an empty folder"),
    ):
        build_home(settings, customers=300, until=datetime(2026, 11, 4, tzinfo=UTC), steps=steps)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]
    assert settings.ledger_path.read_bytes() == b"somebody's decisions"


@pytest.mark.parametrize(
    ("customers", "per_hour"),
    [pytest.param(3000, 12, id="a dozen an hour"), pytest.param(200, 8, id="fewer where few live in the world")],
)
def test_nobody_is_decided_about_twice_in_the_day(customers: int, per_hour: int) -> None:
    ids = pd.Series([f"c{number}" for number in range(customers)])
    chosen = draw_customers(ids)
    assert chosen.shape == (24, per_hour)
    assert len(set(chosen.ravel())) == chosen.size
    assert set(chosen.ravel()) <= set(ids)
    assert draw_customers(ids).tolist() == chosen.tolist()
