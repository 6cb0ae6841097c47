"""A heed on localhost for tests, with a clock and a policy that the test sets."""

import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from pydantic import TypeAdapter, ValidationError

from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.errors import InvalidInput, PolicyError, Unavailable
from heed.decisioning.score import Scorer
from heed.guardrails.conformance.http_adapter import HttpAdapter
from heed.guardrails.conformance.system import Json
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import parse_policy
from heed.serving.app import Application, make_app
from heed.serving.bootstrap import bootstrap
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.ledger.migrate import upgrade
from heed.serving.runtime import Runtime
from heed.serving.schemas.responses import ModelRef, PolicyRef, Versions
from heed.serving.settings import Settings
from heed.testing.stub_model import StubScorer

CURRENCY = "EUR"
MODEL = ModelRef("neutral", "1", "0" * 64)
_NOTHING = "version: 1\nname: nothing\nrules: []\n"
_STARTS_WITHIN = 30.0
_PATIENCE = 60.0
_ACTIONS = TypeAdapter(tuple[Action, ...])
_FIELDS = frozenset(field.name for field in fields(Action))


@dataclass
class ManualClock:
    """A clock that only moves when it is set."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time it is set to."""
        return self.now


class Control:
    """The clock and the policy of a running heed; see :class:`heed.guardrails.conformance.http_adapter.Control`.

    Each scenario gets its own ledger. Its first policy is active from the start. Each further one overwrites the
    file, as it would while heed serves.

    Parameters
    ----------
    home : Path
        Where all state is kept.
    """

    def __init__(self, home: Path, scorer: Scorer) -> None:
        self._home = home
        self._scorer = scorer
        self._clock = ManualClock()
        self._empty = home / "empty.db"
        self._scenarios = 0
        self._running: Runtime | None = None
        self.app = make_app(self._idle, request_seconds=None)

    def begin(self) -> None:
        """Start a scenario without policy and facts."""
        self.close()
        self._scenarios += 1

    def set_clock(self, now: datetime) -> None:
        """Set the clock."""
        self._clock.now = now.astimezone(UTC)

    def load(self, policy: str, actions: Sequence[Json]) -> str | None:
        """Activate policy and actions; the reason if they are refused."""
        if self._running is None:
            return self._start(policy, actions)
        self._policy.write_text(policy, encoding="utf-8")
        self._running.deployment.reload()
        refused = self._running.deployment.refused
        return None if refused is None else refused.why

    def close(self) -> None:
        """Close the ledger of the scenario."""
        if self._running is not None:
            self._running.ledger.close()
            self._running = None

    @property
    def _policy(self) -> Path:
        return self._home / str(self._scenarios) / "policy.yaml"

    def _start(self, policy: str, actions: Sequence[Json]) -> str | None:
        try:
            versions = versions_of(policy, actions, self._scorer)
        except PolicyError as error:
            return str(error)
        self._policy.parent.mkdir()
        self._policy.write_text(policy, encoding="utf-8")
        # The scenarios test what heed decides, not how fast.
        settings = Settings(home=self._policy.parent, decide_seconds=_PATIENCE)
        shutil.copy(self._empty, settings.ledger_path)
        self._running = bootstrap(settings, clock=self._clock, load=lambda: versions, policy=self._policy)
        self._running.deployment.try_load()
        self.app.state.runtime = self._running
        return None

    def _idle(self) -> Runtime:
        """What the application starts with before the first scenario: a heed without rules and actions."""
        upgrade(self._empty)
        idle = Settings(home=self._home / "idle")
        return bootstrap(idle, clock=self._clock, load=lambda: versions_of(_NOTHING, (), self._scorer))


def versions_of(policy: str, actions: Sequence[Json], scorer: Scorer) -> ActiveVersions:
    """The active versions for the text of a policy file.

    Raises
    ------
    InvalidInput
        If an action has an unknown field or an invalid value.
    PolicyError
        If the policy is invalid, or does not fit the actions.
    """
    catalogue = Catalogue(CURRENCY, _read(actions))
    guard = bind_policy(parse_policy(policy), catalogue)
    versions = Versions(MODEL, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
    return ActiveVersions(scorer, guard, guard.policy, catalogue, versions, 0.9)


@contextmanager
def running_system(home: Path, scorer: Scorer | None = None) -> Iterator[HttpAdapter]:
    """A heed on a free port of localhost, with its state under `home`, as a system for conformance scenarios.

    Parameters
    ----------
    scorer : Scorer, optional
        The model. By default every action is worth doing.
    """
    control = Control(home, scorer or StubScorer())
    with _served(control.app) as url, closing(control), closing(HttpAdapter(url, control)) as system:
        yield system


@contextmanager
def _served(app: Application) -> Iterator[str]:
    """Serve the application on a free port, in a thread that ends with the block."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, name="heed-under-test", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(server, thread)}"
    finally:
        server.should_exit = True
        thread.join()


def _port(server: uvicorn.Server, thread: threading.Thread) -> int:
    """Wait until the server listens; its port."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise Unavailable("heed did not start", remedy="see the log")
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


def _read(actions: Sequence[Json]) -> tuple[Action, ...]:
    unknown = next((name for action in actions for name in action if name not in _FIELDS), None)
    if unknown is not None:
        raise InvalidInput("an action has no such field", field=unknown)
    try:
        return _ACTIONS.validate_python(actions)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidInput(first["msg"], field=".".join(map(str, first["loc"]))) from error
