"""The server as processes of its own, killed without warning and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

_READY_WITHIN = 120.0
_POLL_SECONDS = 0.05


def quick_command(home: Path, port: int, manner: str = "honest") -> list[str]:
    """The command of `benchmarks.crashes.server`."""
    return [sys.executable, "-m", "benchmarks.crashes.server", str(home), str(port), manner]


def whole_command(port: int) -> list[str]:
    """The command of heed as it is run: BentoML with all that it starts."""
    return [sys.executable, "-m", "heed", "serve", "--port", str(port)]


@dataclass
class Server:
    """A server that is started and killed as one group of processes.

    Attributes
    ----------
    log : Path
        What it prints is added to this file.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    url: str
    log: Path
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)

    def start(self) -> float:
        """Start it; the seconds until it is ready to decide.

        Raises
        ------
        RuntimeError
            If it ends or is not ready in time.
        """
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > began + _READY_WITHIN:
                raise RuntimeError(f"the server did not start: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(_POLL_SECONDS)
        return time.monotonic() - began

    def kill(self) -> None:
        """End every process of the group by SIGKILL, at this moment."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2.0).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False
