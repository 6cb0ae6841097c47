"""The real service in its own process, with a small trained model."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from benchmarks.ports import free_port
from tests.support.paths import REPOSITORY

PATIENCE = 120.0


@dataclass(frozen=True)
class ServiceProcess:
    """A running service process, its home and its log."""

    url: str
    home: Path
    process: "subprocess.Popen[bytes]"

    def log(self) -> str:
        return (self.home / "service.log").read_text()

    def status(self, path: str, *, seconds: float = 10) -> int:
        """The status code of a GET, or 0 on timeout or refusal."""
        try:
            return httpx.get(self.url + path, timeout=seconds).status_code
        except httpx.TransportError:
            return 0

    def await_status(self, path: str, status: int) -> None:
        self.until(lambda: self.status(path) == status, f"{path} to answer {status}")

    def until(self, come: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not come():
            assert time.monotonic() < deadline, f"waited in vain for {what}\n{self.log()}"
            time.sleep(0.1)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@contextmanager
def service_process(home: Path, model: Path) -> Iterator[ServiceProcess]:
    """A service with its state in `home` and the model bundle at `model`, stopped at the end of the block."""
    home.mkdir(exist_ok=True)
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HEED_", "BENTOML_", "MLFLOW_"))}
    settings = {"HEED_HOME": str(home), "HEED_MODEL": str(model), "HEED_PORT": str(port)}
    with (home / "service.log").open("wb") as log:
        command = [sys.executable, "-m", "heed", "serve"]
        process = subprocess.Popen(
            command, env={**kept, **settings}, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            heed = ServiceProcess(f"http://127.0.0.1:{port}", home, process)
            heed.await_status("/livez", 200)
            yield heed
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=30)
