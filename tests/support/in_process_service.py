"""A whole service in this process: a real ledger, real guardrails and a scorer with fixed answers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.certificate import Certificate
from heed.decisioning.errors import Unavailable
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import parse_policy
from heed.serving.app import Application, make_app
from heed.serving.bootstrap import bootstrap
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.deployment.deployment_manager import ModelUpdate
from heed.serving.observability.tracing import Tracing
from heed.serving.runtime import Runtime
from heed.serving.schemas.responses import ModelRef, PolicyRef, Versions
from heed.serving.settings import Settings
from tests.support.doubles import FixedScorer
from tests.support.ledger_builders import new_file

MONDAY_MORNING = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)

POLICY = """
version: 1
name: test
vocabulary:
  channels: [email, sms, web]
  purposes: [marketing, service]
terms: {harm_cost: 20.0, tolerance: 0.0}
rules:
  - {id: consent, purpose: Consent., owner: dpo, kind: consent, addressless: [web]}
  - {id: suppression-list, purpose: Left alone., owner: service, kind: suppression}
  - id: quiet-hours
    purpose: Nights are quiet.
    owner: crm
    kind: quiet_hours
    scope: {channels: [email, sms]}
    windows: [{from: 21:00, to: 07:00}]
  - id: cap-email
    purpose: Two a week.
    owner: crm
    kind: frequency_cap
    scope: {channels: [email]}
    limit: 2
    window: 7d
  - {id: cap-overall, purpose: Three a week., owner: crm, kind: frequency_cap, limit: 3, window: 7d}
  - {id: eligibility, purpose: The catalogue's conditions., owner: crm, kind: eligibility}
  - {id: minimum-confidence, purpose: Not sure means ask., owner: crm, kind: confidence, act_at_least: 0.7}
"""


def offer(action_id: str, channel: str = "email", **more: Any) -> Action:
    fixed: dict[str, Any] = {"value": 10.0, "outcome": "conversion", "window_days": 7.0, "category": "retention"}
    return Action(action_id=action_id, channel=channel, purpose="marketing", **{**fixed, **more})


ATTRIBUTES = {"age": "number"}
OFFERS = (offer("mail"), offer("text", "sms"), offer("banner", "web"))


@dataclass
class Clock:
    """A clock that the test advances."""

    now: datetime = MONDAY_MORNING

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Heed:
    """A running service, and shortcuts for requests to it."""

    http: TestClient
    runtime: Runtime
    clock: Clock
    counter: list[int] = field(default_factory=lambda: [0])

    def post(self, path: str, body: object, status: int = 200, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.http.post(path, json=body, headers=named)
        assert answer.status_code == status, answer.text
        return answer.json()

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.http.get(path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def decide(self, customer_id: str = "c1", status: int = 200, **more: Any) -> Any:
        headers = {"Idempotency_Key": more.pop("key")} if "key" in more else {}
        headers |= {"traceparent": more.pop("traceparent")} if "traceparent" in more else {}
        return self.post("/decide", {"customer_id": customer_id, **more}, status, **headers)

    def know(
        self, customer_id: str = "c1", *, channels: tuple[str, ...] = ("email", "sms", "web"), **more: Any
    ) -> None:
        """Record a customer who consents to marketing on these channels."""
        points = [{"contact_point": f"{customer_id}-{one}", "channel": one} for one in ("email", "sms")]
        customer = {"customer_id": customer_id, "time_zone": "Europe/London", "contact_points": points, **more}
        self.post("/v1/customers", {"customers": [customer]})
        for channel in channels:
            self.consent(customer_id, channel)

    def consent(self, customer_id: str, channel: str, status: str = "granted", purpose: str = "marketing") -> None:
        statement = {
            "consent_id": f"consent-{self.next()}",
            "customer_id": customer_id,
            "channel": channel,
            "purpose": purpose,
            "status": status,
            "recorded_at": self.clock().isoformat(),
        }
        self.post("/v1/consents", {"consents": [statement]})

    def contacted(self, customer_id: str, channel: str = "email", *, ago: timedelta = timedelta(days=1)) -> None:
        """Report a contact that another tool made."""
        contact = {
            "contact_id": f"contact-{self.next()}",
            "customer_id": customer_id,
            "at": (self.clock() - ago).isoformat(),
            "action_id": "newsletter",
            "channel": channel,
            "purpose": "marketing",
            "source": "other-tool",
        }
        self.post("/v1/contacts", {"contacts": [contact]})

    def next(self) -> int:
        self.counter[0] += 1
        return self.counter[0]


@contextmanager
def running_service(
    home: Path,
    *,
    propensities: Mapping[str, float] | None = None,
    spread: float = 0.0,
    offers: tuple[Action, ...] = OFFERS,
    policy: str = POLICY,
    missing: str | None = None,
    certificate: Certificate | None = None,
    file: Path | None = None,
    newer: ModelUpdate = lambda _: None,
    tracing: Tracing | None = None,
    **settings: Any,
) -> Iterator[Heed]:
    """A started service; `missing` says why model or policy cannot be loaded, `file` holds the policy."""
    if file is not None:
        file.write_text(policy)
    clock = Clock()
    scorer = FixedScorer(
        propensities or {"mail": 0.3, "text": 0.2, "banner": 0.1}, spread=spread, certificate=certificate
    )

    def load() -> ActiveVersions:
        if missing is not None:
            raise Unavailable(missing)
        return active_versions(scorer, offers, policy)

    started: list[Runtime] = []

    def start() -> Runtime:
        made = bootstrap(
            Settings(home=home, **settings), clock=clock, load=load, policy=file, newer=newer, tracing=tracing
        )
        made.deployment.try_load()
        started.append(made)
        return made

    if "database_url" not in settings and not (home / "ledger.db").exists():
        home.mkdir(parents=True, exist_ok=True)
        new_file(home)
    here = {"base_url": "http://127.0.0.1", "client": ("127.0.0.1", 50000)}
    with _application(start) as app, TestClient(app, raise_server_exceptions=False, **here) as http:
        yield Heed(http, started[0], clock)


@contextmanager
def _application(start: Callable[[], Runtime]) -> Iterator[Application]:
    """An application with this start-up; reused from test to test, since building one is slow."""
    lent = _idle.pop() if _idle else _LentApplication()
    lent.start = start
    yield lent.app
    for name in ("runtime", "refusal"):
        if hasattr(lent.app.state, name):
            delattr(lent.app.state, name)
    if lent.app.router.routes == lent.routes:
        _idle.append(lent)


class _LentApplication:
    """An application, and its current start-up."""

    def __init__(self) -> None:
        self.start: Callable[[], Runtime] | None = None
        # How busy the machine of a test is decides nothing.
        self.app = make_app(lambda: self.start(), request_seconds=None)
        self.routes = list(self.app.router.routes)


_idle: list[_LentApplication] = []


def active_versions(scorer: FixedScorer, offers: tuple[Action, ...], policy: str) -> ActiveVersions:
    catalogue = Catalogue("EUR", offers)
    guard = bind_policy(parse_policy(policy), catalogue, ATTRIBUTES)
    model = ModelRef("heed", "7", "d" * 64)
    versions = Versions(model, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
    return ActiveVersions(scorer, guard, guard.policy, catalogue, versions, 0.9, scorer.certificate, ATTRIBUTES)
