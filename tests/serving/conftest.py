from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.running import Heed, running


@pytest.fixture
def heed(tmp_path: Path) -> Iterator[Heed]:
    with running(tmp_path) as started:
        yield started
