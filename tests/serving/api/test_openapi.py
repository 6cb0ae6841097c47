"""The document at /docs says what is answered, and what it forbids is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from starlette.types import Receive, Scope, Send

from heed.serving.auth.scopes import Role
from tests.support.in_process_service import POLICY, Heed, running_service
from tests.support.keyed_requests import issue_key
from tests.support.openapi_fuzzing import find_faults, fuzz_config, keyed_fuzz_config

if TYPE_CHECKING:
    from schemathesis.config import SchemathesisConfig
    from schemathesis.specs.openapi.schemas import OpenApiSchema


class Mounted:
    """The application of a heed that runs already; schemathesis would start it a second time."""

    def __init__(self, heed: Heed) -> None:
        self._app = heed.http.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError("it has started")
        # Schemathesis has names of its own for both ends.
        headers = [(b"host", b"127.0.0.1"), *(one for one in scope["headers"] if one[0] != b"host")]
        here = {"client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 80), "headers": headers}
        await self._app({**scope, **here}, receive, send)


@pytest.fixture
def unsure(tmp_path: Path) -> Iterator[Heed]:
    """A heed that cannot tell two actions apart."""
    with running_service(tmp_path, propensities={"mail": 0.30, "text": 0.29, "banner": 0.05}, spread=0.1) as heed:
        yield heed


def documented(heed: Heed, config: "SchemathesisConfig | None" = None) -> "OpenApiSchema":
    """The document without what BentoML serves beside the application; test_service.py asks the real service."""
    import schemathesis

    return schemathesis.openapi.from_asgi("/openapi.json", Mounted(heed), config=config or fuzz_config())


@pytest.mark.slow
def test_schemathesis_finds_no_fault(unsure):
    for customer_id in ("c1", "c2"):
        unsure.know(customer_id)
        assert unsure.decide(customer_id)["disposition"] == "review"
    assert list(find_faults(documented(unsure))) == []


@pytest.mark.slow
@pytest.mark.parametrize("role", [*Role, None], ids=lambda role: role or "none")
def test_schemathesis_finds_no_fault_with_the_key_of_any_role(unsure, role):
    unsure.know()
    assert unsure.decide()["disposition"] == "review"
    key = issue_key(unsure, role or "auditor")
    assert list(find_faults(documented(unsure, keyed_fuzz_config(key if role else {})))) == []


def test_each_operation_answers_what_is_documented(unsure):
    schema = documented(unsure)
    answered = set()

    def check(response: Any) -> None:
        response.read()
        operation = schema.find_operation_by_path(response.request.method, response.request.url.path)
        operation.validate_response(response)
        answered.add(operation.label)

    unsure.http.event_hooks = {"response": [check]}
    live_through_everything(unsure)
    assert answered == {one.ok().label for one in schema.get_all_operations()}


def live_through_everything(heed: Heed) -> None:
    """One customer's story in which every operation answers 200."""
    heed.know(attributes={"age": 41, "tier": "gold", "member": True, "since": None})
    now = heed.clock().isoformat()
    heed.post("/v1/signals", {"signals": [{"signal_id": "s1", "customer_id": "c1", "at": now, "type": "click"}]})
    heed.contacted("c1", "web")
    settled(heed, "release")
    settled(heed, "reject", note="not now")
    settled(heed, "override", action_id="text")
    approved = settled(heed, "approve")
    handed_over(heed)
    happened = {"outcome_id": "o1", "customer_id": "c1", "at": now, "type": "conversion", "value": 12.5}
    heed.post("/v1/outcomes", {"outcomes": [{**happened, "decision_id": approved["decision_id"]}]})
    objection = {"customer_id": "c2", "contact_point": "old-number", "recorded_at": now}
    heed.post("/v1/objections", {"objections": [objection]})
    heed.post("/v1/customers/c2/merge", {"from": "c3"})
    heed.post("/decide_batch", {"requests": [{"customer_id": "c1"}, {"customer_id": "c1", "candidates": ["fax"]}]})
    for path in (f"/v1/decisions/{approved['decision_id']}", "/v1/decisions?customer_id=c1", "/v1/customers/c1"):
        heed.get(path)
    heed.get("/v1/reviews?state=approved")
    live_with_keys(heed)
    heed.post("/v1/stop", {"reason": "wrong price", "by": "ana", "channel": "fax"})
    heed.get("/v1/stop")
    heed.post("/v1/resume", {"reason": "mended", "by": "ana", "channel": "fax"})
    heed.get("/v1/policy")
    heed.get("/v1/policy/liveness")
    heed.post("/v1/policy/check", {"policy": POLICY})
    heed.post("/v1/policy/reload", None)
    heed.post("/v1/policy/diff", {"policy": POLICY, "by": "tier", "limit": 10.0})
    heed.get("/v1/customers/c1/export")
    assert heed.http.delete("/v1/customers/c1").status_code == 200
    heed.post("/score", {"customer_id": "c2"})
    heed.get("/readyz")
    for path in ("/livez", "/metrics"):
        assert heed.http.get(path).status_code == 200


def live_with_keys(heed: Heed) -> None:
    """A key is made and taken back; the rest of the story needs one that is not."""
    heed.http.headers.update(issue_key(heed, "policy-admin"))
    made = heed.post("/v1/keys", {"name": "crm", "role": "service"})
    heed.post(f"/v1/keys/{made['key']['key_id']}/revoke", None)
    heed.get("/v1/keys")


def handed_over(heed: Heed) -> None:
    """Messages taken for good, for a while, acknowledged and failed."""
    (first, *_) = heed.get("/v1/outbox")["messages"]
    heed.get(f"/v1/outbox/{first['outbox_id']}")
    (taken,) = heed.post("/v1/outbox", {"executor": "mailer", "limit": 1})["messages"]
    for said in ("fail", "acknowledge"):
        heed.post(f"/v1/outbox/{taken['message']['outbox_id']}/{said}", {"fence": taken["fence"]})
    for other in heed.get("/v1/outbox")["messages"]:
        heed.post(f"/v1/outbox/{other['outbox_id']}/delivered", None)
    heed.get("/v1/webhook")
    heed.post("/v1/webhook/enable", None)


def settled(heed: Heed, verdict: str, **more: Any) -> Any:
    """A decision that went to review, and the case settled so."""
    decision = heed.decide(explain="all")
    path = f"/v1/reviews/{decision['review_id']}"
    case = heed.post(f"{path}/claim", {"reviewer": "ana"})
    heed.post(f"{path}/{verdict}", {"reviewer": "ana", "fence": case["fence"], **more})
    heed.get(path)
    return decision


def test_every_error_is_documented_as_the_one_problem(unsure):
    document = unsure.get("/openapi.json")
    for operations in document["paths"].values():
        for operation in operations.values():
            errors = {status: one for status, one in operation["responses"].items() if not status.startswith("2")}
            assert {"503", "504"} <= errors.keys()
            assert {tuple(one["content"]) for one in errors.values()} == {("application/problem+json",)}


def test_links_lead_to_operations_and_their_parameters(unsure):
    document = unsure.get("/openapi.json")
    operations = {
        one["operationId"]: {part["name"] for part in one.get("parameters", [])}
        for path in document["paths"].values()
        for one in path.values()
    }
    links = [
        link
        for path in document["paths"].values()
        for one in path.values()
        for link in one["responses"]["200"].get("links", {}).values()
    ]
    assert len(links) >= 10
    assert all(link["parameters"].keys() <= operations[link["operationId"]] for link in links)
