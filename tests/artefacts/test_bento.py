"""The Bento as it ships: built, unpacked in an empty folder, served from its own requirements alone, asked once."""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.ports import free_port
from tests.support.paths import REPOSITORY

START_SECONDS = 120.0


def run(*command: str | Path, env: dict[str, str], cwd: Path) -> str:
    done = subprocess.run([str(one) for one in command], env=env, cwd=cwd, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(folder: Path, **named: str) -> dict[str, str]:
    """The surroundings without what this process was told: no path of the checkout leads into the Bento."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEED_", "PYTHON", "BENTOML_"))}
    home = {"BENTOML_HOME": str(folder / "bentoml"), "BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return {**kept, **home, **named}


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Bento, exported to one file and unpacked in an empty folder."""
    making = tmp_path_factory.mktemp("making")
    env = environment(making, HEED_HOME=str(making / "home"))
    heed = [sys.executable, "-m", "heed"]
    run(*heed, "demo", "--no-serve", "--customers", "400", env=env, cwd=REPOSITORY)
    run(*heed, "promote", "--to-bento", env=env, cwd=REPOSITORY)
    bentoml = [sys.executable, "-m", "bentoml"]
    run(*bentoml, "build", "--bentofile", "bentofile.yaml", env=env, cwd=REPOSITORY)
    run(*bentoml, "export", "heed:latest", making / "heed.bento", env=env, cwd=REPOSITORY)
    folder = tmp_path_factory.mktemp("elsewhere")
    with tarfile.open(making / "heed.bento") as archive:
        archive.extractall(folder / "bento", filter="data")
    shutil.rmtree(making)
    return folder


@contextmanager
def served(folder: Path) -> Iterator[str]:
    env = environment(folder, HEED_HOME=str(folder / "home"))
    run(sys.executable, "-m", "venv", folder / "venv", env=env, cwd=folder)
    python = folder / "venv" / "bin" / "python"
    requirements = folder / "bento" / "env" / "python" / "requirements.txt"
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements, env=env, cwd=folder)
    port = free_port()
    log = (folder / "service.log").open("w")
    command = [str(python), "-m", "bentoml", "serve", ".", "--host", "127.0.0.1", "--port", str(port)]
    service = subprocess.Popen(command, env=env, cwd=folder / "bento", stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{port}"
        await_ready(service, url, folder / "service.log")
        yield url
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=60)
        log.close()


def await_ready(service: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=2.0).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))


def told(url: str, path: str, body: Any) -> Any:
    answer = httpx.post(f"{url}{path}", json=body, timeout=30.0)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_bento_decides_from_its_own_requirements_alone(unpacked: Path) -> None:
    with served(unpacked) as url:
        stranger = told(url, "/decide", {"customer_id": "stranger"})
        assert (stranger["disposition"], stranger["binding_rule"]) == ("hold", "consent")
        consent = {"consent_id": "a", "customer_id": "ada", "channel": "web", "purpose": "marketing"}
        granted = {**consent, "status": "granted", "recorded_at": "2026-01-01T00:00:00Z"}
        told(url, "/v1/consents", {"consents": [granted]})
        decision = told(url, "/decide", {"customer_id": "ada"})
        effects = {one["action_id"]: one["effect"] for one in decision["candidates"]}
        assert set(effects.values()) >= {"allow", "suppress"}
        assert decision["model"]["version"] == "1"
        assert httpx.get(f"{url}/v1/decisions/{decision['decision_id']}").json() == decision
        scores = told(url, "/score", {"customer_id": "ada"})
        assert len(scores["candidates"]) == len(decision["candidates"])
    assert {one.name for one in unpacked.iterdir()} == {"bento", "venv", "home", "bentoml", "service.log"}
