from collections.abc import Iterator, Mapping

import pytest

from guardrails.conformance.over_http import HeedOverHttp
from guardrails.conformance.reading import read_scenarios
from guardrails.conformance.running import Result, run
from heed.under_test import under_test


@pytest.fixture(scope="session")
def heed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeedOverHttp]:
    with under_test(tmp_path_factory.mktemp("heed")) as system:
        yield system


@pytest.fixture(scope="session")
def results(heed: HeedOverHttp) -> Mapping[str, Result]:
    """How heed comes through all scenarios, by their ids."""
    return {result.told.scenario.id: result for result in run(read_scenarios(), heed)}
