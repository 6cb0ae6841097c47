from collections.abc import Iterator, Mapping

import pytest

from heed.guardrails.conformance.http_adapter import HttpAdapter
from heed.guardrails.conformance.runner import ScenarioResult, run_scenarios
from heed.guardrails.conformance.scenario_files import read_scenarios
from heed.testing.server import running_system


@pytest.fixture(scope="session")
def heed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpAdapter]:
    with running_system(tmp_path_factory.mktemp("heed")) as system:
        yield system


@pytest.fixture(scope="session")
def results(heed: HttpAdapter) -> Mapping[str, ScenarioResult]:
    """How heed comes through all scenarios, by their ids."""
    return {result.told.scenario.id: result for result in run_scenarios(read_scenarios(), heed)}
