"""What is told about people stays in the ledger: it is in no log, no error, no metric, and on no screen."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.in_process_service import Heed, running_service

WHO = "planted-person"
MAIL = "planted-mail@example.org"
STREET, WORDS = "planted-street", "planted words of a reviewer"
PLANTED = ("planted",)


@pytest.fixture
def heed(tmp_path: Path) -> Iterator[Heed]:
    """A service that is never sure, so that people settle its cases."""
    with running_service(tmp_path, spread=0.6, propensities={"mail": 0.3, "text": 0.29, "banner": 0.28}) as service:
        yield service


def person(**changed: Any) -> dict[str, Any]:
    points = [{"contact_point": MAIL, "channel": "email"}]
    return {"customer_id": WHO, "attributes": {"street": STREET}, "contact_points": points, **changed}


def good(service: Heed) -> list[Any]:
    """Requests that are answered, of every kind that tells of a person."""
    now = service.clock().isoformat()
    consent = {"consent_id": "c", "customer_id": WHO, "channel": "email", "purpose": "marketing"}
    asked = {"customer_id": WHO, "customer": {"attributes": {"street": STREET}}, "context": {"words": WORDS}}
    return [
        service.http.post("/v1/customers", json={"customers": [person()]}),
        service.http.post("/v1/consents", json={"consents": [{**consent, "status": "granted", "recorded_at": now}]}),
        service.http.post("/decide", json=asked, headers={"Idempotency-Key": f"for {WHO}"}),
        service.http.get(f"/v1/customers/{WHO}"),
        service.http.get(f"/v1/customers/{WHO}/export"),
    ]


def bad(service: Heed) -> list[Any]:
    """Requests that are refused, each with something personal in the wrong place."""
    now = service.clock().isoformat()
    signal = {"signal_id": "s", "customer_id": WHO, "at": now, "type": "open"}
    two = [signal, {**signal, "type": "click"}]
    return [
        service.http.post("/decide", json={"customer_id": {"name": WHO}}),
        service.http.post("/decide", json={"customer_id": WHO * 40}),
        service.http.post("/decide", json={"customer_id": WHO, "customer": {"attributes": {"street": [STREET]}}}),
        service.http.post("/decide", json={"customer_id": WHO, "customer": {"attributes": STREET}}),
        service.http.post("/decide", content=json.dumps(person())[:-3].encode()),
        service.http.post("/decide", json={"customer_id": WHO, "candidates": ["fax"]}),
        service.http.post("/v1/customers", json={"customers": [person(contact_points=[{"contact_point": MAIL}])]}),
        service.http.post("/v1/customers", json={"customers": [person(attributes={"street": {"no": STREET}})]}),
        service.http.post("/v1/customers", json={"customers": [person(contact_points=MAIL)]}),
        service.http.post("/v1/signals", json={"signals": two}),
        service.http.post("/v1/objections", json={"objections": [{"contact_point": [MAIL], "recorded_at": now}]}),
        service.http.post(f"/v1/customers/{WHO}/merge", json={"from": WHO}),
        service.http.get(f"/v1/customers/{WHO}-unknown"),
        service.http.get(f"/v1/customers/{WHO}-unknown/export"),
        service.http.delete(f"/v1/customers/{WHO}-unknown"),
        service.http.get(f"/v1/decisions?customer_id={WHO}&limit=0"),
        service.http.post("/v1/reviews/none/reject", json={"reviewer": "rita", "fence": 1, "note": {"words": WORDS}}),
        service.http.post("/v1/reviews/none/reject", json={"reviewer": "rita", "fence": 1, "note": WORDS * 400}),
    ]


def left(text: str) -> list[str]:
    return [line for line in text.splitlines() if any(word in line.lower() for word in PLANTED)]


def test_nothing_personal_leaves_by_a_back_door(
    heed: Heed, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG, logger="heed")
    assert [one.status_code for one in good(heed)] == [200] * 5
    refused = bad(heed)
    assert all(400 <= one.status_code < 500 for one in refused), [one.status_code for one in refused]

    def broken(*_: object) -> None:
        raise RuntimeError("the scorer is broken")

    monkeypatch.setattr(type(heed.runtime.deployment.current().scorer), "score", broken)
    failed = [heed.http.post("/decide", json={"customer_id": WHO}), heed.http.get("/metrics")]
    assert [one.status_code for one in failed] == [503, 200]
    heed.runtime.ledger.close()
    closed = [heed.http.post("/v1/customers", json={"customers": [person()]})]
    assert [one.status_code for one in closed] == [503]
    bodies = [one.text for one in (*refused, *failed, *closed)]
    assert [found for body in bodies if (found := left(body))] == []
    records = "\n".join(logging.Formatter().format(one) for one in caplog.records if one.name.startswith("heed"))
    assert left(records) == []
    screen = capfd.readouterr()
    assert left(screen.out + screen.err) == []
