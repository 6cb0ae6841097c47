"""Tests leave the user's heed alone: its home, its service, and `.heed` in the working folder."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from heed.serving.settings import Settings
from tests.support.isolation import foreign_settings
from tests.support.ledger_builders import new_file
from tests.support.paths import REPOSITORY

# Tests of commands, some of which change whatever service or ledger they reach.
COMMANDS = [
    REPOSITORY / "tests" / "docs" / "test_readme.py",
    *(REPOSITORY / "tests" / "heed" / "cli" / f"test_{name}.py" for name in (
        "cli", "keys_command", "ledger_command", "replay_command", "stop_command",
    )),
]  # fmt: skip
STOP = (sys.executable, "-m", "heed", "stop", "--reason", "wrong price")


@dataclass(frozen=True)
class Planted:
    """A user's heed: a home, another in the working folder, and a service that records its requests."""

    folder: Path
    port: int
    requests: list[str] = field(default_factory=list)

    def run(self, *command: object, **changed: str) -> "subprocess.CompletedProcess[str]":
        """Run a command in the user's folder with the user's settings."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        user = {"HEED_HOME": str(self.folder / "home"), "HEED_PORT": str(self.port), "HEED_API_KEY": "the user's"}
        line = [str(word) for word in command]
        env = {**own, **user, "PYTHONPATH": str(REPOSITORY), **changed}
        return subprocess.run(line, cwd=self.folder, env=env, capture_output=True, text=True, timeout=600, check=False)

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Modification time and content of each file."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Planted]:
    requests: list[str] = []

    class Service(StreamRequestHandler):
        def handle(self) -> None:
            requests.append(self.rfile.readline().decode().strip())
            self.wfile.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    for home in ("home", ".heed"):
        (tmp_path / home).mkdir()
        new_file(tmp_path / home)
    with ThreadingTCPServer(("127.0.0.1", 0), Service) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield Planted(tmp_path, server.server_address[1], requests)
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_the_tests_that_run_commands_leave_a_users_heed_alone(planted, tmp_path_factory):
    before = planted.files()
    options = ("-q", "-p", "no:cacheprovider", "-c", REPOSITORY / "pyproject.toml", "--rootdir", REPOSITORY)
    done = planted.run(
        sys.executable, "-m", "pytest", *options, "--basetemp", tmp_path_factory.mktemp("inner") / "base", *COMMANDS
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert planted.requests == []
    assert planted.files() == before


@pytest.mark.slow
def test_an_order_outside_of_the_tests_would_have_been_seen(planted, unused_port):
    planted.run(*STOP)
    assert planted.requests == ["POST /v1/stop HTTP/1.1"]
    before = planted.files()
    done = planted.run(*STOP, HEED_PORT=str(unused_port))
    assert done.returncode == 0, done.stderr
    assert planted.files() != before


def test_a_test_has_a_home_a_port_and_keys_of_its_own(workspace, unused_port):
    assert Path.cwd() == workspace
    assert Settings().home == workspace / "home"
    assert not Settings().home.exists()
    assert Settings().port == unused_port
    assert foreign_settings() == ["HEED_HOME", "HEED_PORT", "BENTOML_HOME"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", unused_port), timeout=5)
