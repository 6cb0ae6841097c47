"""A heed that is tested from outside: on loopback, with a clock and a policy that the tester sets."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from pydantic import TypeAdapter, ValidationError

from decisioning.catalogue import Action, Catalogue
from decisioning.errors import InvalidInput, PolicyError, Unavailable
from decisioning.score import Scorer
from guardrails.conformance.over_http import HeedOverHttp
from guardrails.conformance.system import Json
from guardrails.guard import guard_of
from guardrails.loading import parse_policy
from heed.neutral import NeutralScorer
from serving.answer import ModelRef, PolicyRef, Versions
from serving.api.app import Application, make_app
from serving.bootstrap import bootstrap
from serving.engine import Engine, new_id
from serving.in_force import InForce, Standby
from serving.reviewing import Reviewing
from serving.runtime import Runtime
from serving.settings import Settings

CURRENCY = "EUR"
MODEL = ModelRef("neutral", "1", "0" * 64)
_NOTHING = "version: 1\nname: nothing\nrules: []\n"
_STARTS_WITHIN = 30.0
_ACTIONS = TypeAdapter(tuple[Action, ...])
_FIELDS = frozenset(field.name for field in fields(Action))


@dataclass
class Clock:
    """Time that moves only when it is told to."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment that it is."""
        return self.now


@dataclass
class Control:
    """The clock and the policy of one running heed; see :class:`guardrails.conformance.over_http.Control`."""

    settings: Settings
    clock: Clock = field(default_factory=Clock)
    scorer: Scorer = field(default_factory=NeutralScorer)
    app: Application | None = None

    def set_clock(self, now: datetime) -> None:
        """Let it be this moment."""
        self.clock.now = now.astimezone(UTC)

    def load(self, policy: str, actions: Sequence[Json]) -> str | None:
        """Put policy and actions into force; why not, where they are refused."""
        if self.app is None:
            raise Unavailable("heed has not been started")
        try:
            made = in_force(policy, actions, self.scorer)
        except PolicyError as error:
            return str(error)
        self.app.state.runtime = _with(self.app.state.runtime, made, self.clock)
        return None

    def start(self) -> Runtime:
        """The parts put together, with nothing in force yet."""
        return bootstrap(self.settings, clock=self.clock, load=lambda: in_force(_NOTHING, (), self.scorer))


def in_force(policy: str, actions: Sequence[Json], scorer: Scorer) -> InForce:
    """What decides under a policy file's text.

    Raises
    ------
    InvalidInput
        If an action has no field of that name, or a value that its field does not take.
    PolicyError
        If the policy is none, or does not fit the actions.
    """
    catalogue = Catalogue(CURRENCY, _read(actions))
    guard = guard_of(parse_policy(policy), catalogue)
    versions = Versions(MODEL, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
    return InForce(scorer, guard, guard.policy, catalogue, versions, 0.9)


@contextmanager
def under_test(home: Path, scorer: Scorer | None = None) -> Iterator[HeedOverHttp]:
    """A heed that listens on a free port of loopback, with its state under `home`, as a system under test.

    Parameters
    ----------
    scorer : Scorer, optional
        The model; one that finds every action worth doing where none is given.
    """
    control = Control(Settings(home=home), scorer=scorer or NeutralScorer())
    control.app = make_app(control.start)
    with _served(control.app) as url:
        system = HeedOverHttp(url, control)
        try:
            yield system
        finally:
            system.close()


@contextmanager
def _served(app: Application) -> Iterator[str]:
    """The application on a free port, in a thread that ends with the block."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, name="heed-under-test", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{_port(server, thread)}"
    finally:
        server.should_exit = True
        thread.join()


def _port(server: uvicorn.Server, thread: threading.Thread) -> int:
    """The port, once the server listens."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise Unavailable("heed did not start", remedy="see what was logged")
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


def _with(running: Runtime, made: InForce, clock: Clock) -> Runtime:
    """The same heed, on the same ledger, with something else in force."""
    standby = Standby(lambda: made)
    standby.try_load()
    review_time = timedelta(hours=running.settings.review_hours)
    engine = Engine(
        ledger=running.ledger, standing=standby, clock=clock, review_time=review_time, metrics=running.metrics
    )
    reviewing = Reviewing(ledger=running.ledger, standing=standby, clock=clock, identify=new_id)
    return Runtime(running.settings, running.ledger, standby, engine, reviewing, running.metrics)


def _read(actions: Sequence[Json]) -> tuple[Action, ...]:
    unknown = next((name for said in actions for name in said if name not in _FIELDS), None)
    if unknown is not None:
        raise InvalidInput("an action has no such field", field=unknown)
    try:
        return _ACTIONS.validate_python(actions)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise InvalidInput(first["msg"], field=".".join(map(str, first["loc"]))) from error
