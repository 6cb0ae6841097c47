"""A service that other machines could reach without a key stays up and refuses everything."""

import os
import re
import subprocess
import sys

import httpx
import pytest
from starlette.testclient import TestClient

from benchmarks.ports import free_port
from heed.serving.app import make_app
from heed.serving.auth.bind_check import check_bind_address
from tests.serving.api.test_api_problems import assert_problem
from tests.support.paths import REPOSITORY
from tests.support.served_routes import ROUTES
from tests.support.service_process import ServiceProcess

NOWHERE = "/v1/nowhere"
PATHS = [(route.method, re.sub(r"\{\w+\}", "x", route.path)) for route in ROUTES] + [("GET", NOWHERE)]


def assert_closed(answer: httpx.Response) -> None:
    problem = assert_problem(answer, 503, "unavailable")
    assert problem["remedy"].startswith("create one with `heed keys create")


@pytest.fixture(scope="module")
def closed():
    def start():
        check_bind_address(["0.0.0.0"], keys=False)
        raise AssertionError("nothing was refused")

    app = make_app(start)
    with TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as http:
        yield http
    assert not hasattr(app.state, "runtime")


@pytest.mark.parametrize(("method", "path"), PATHS, ids=[" ".join(one) for one in PATHS])
def test_no_route_does_anything(closed, method, path):
    assert_closed(closed.request(method, path))


@pytest.mark.slow
def test_bentoml_keeps_it_up_and_starts_it_once(tmp_path):
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEED_", "BENTOML_", "MLFLOW_"))}
    # The door is open by what the settings say; the socket of a test stays on loopback all the same.
    told = {"HEED_HOME": str(tmp_path), "HEED_HOST": "0.0.0.0", "BENTOML_HOME": str(tmp_path / "bentoml")}
    command = [sys.executable, "-m", "bentoml", "serve", "heed.serving.bento:Heed", "--host", "127.0.0.1"]
    with (tmp_path / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port)],
            env={**kept, **told, "BENTOML_DO_NOT_TRACK": "True"},
            cwd=REPOSITORY,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    heed = ServiceProcess(f"http://127.0.0.1:{port}", tmp_path, process)
    try:
        heed.await_status("/readyz", 503)
        for method, path in (*PATHS, ("GET", "/schema.json"), ("GET", "/docs.json"), ("GET", "/")):
            assert_closed(httpx.request(method, heed.url + path, timeout=30))
        assert heed.log().count("binds to localhost only") == 1
    finally:
        process.terminate()
        process.wait(timeout=60)
