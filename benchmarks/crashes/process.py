"""The server as processes of its own, killed without warning and started again."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

_READY_WITHIN = 300.0
_POLL_SECONDS = 0.05
_GONE_WITHIN = 10.0


@dataclass
class Server:
    """A server that is started, and killed with all its processes.

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
        """End the process and all that it started, in whatever group or session, by SIGKILL at this moment."""
        if self._process is None:
            return
        victims = _family(self._process.pid)
        for one in victims:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(victims, timeout=_GONE_WITHIN)
        self._process.wait()
        self._process = None

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2.0).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
