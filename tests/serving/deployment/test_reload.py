"""A policy file that changes while heed runs: in force with the next decision, or refused and said so."""

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from heed.decisioning.errors import Unavailable
from heed.guardrails.policy.load import parse_policy
from heed.serving.decisions.record import Caller
from heed.serving.deployment.deployment_manager import DeploymentManager
from heed.serving.deployment.policy_file import PolicyFile
from heed.serving.schemas.decision_requests import DecideRequest
from tests.support.in_process_service import POLICY, Clock, running_service

NO_MAIL = POLICY.replace("limit: 2", "limit: 0").replace("name: test", "name: quiet")
FAULTY = POLICY.replace("window: 7d", "window: 7 parsecs")
RIVALS = {"mail": 0.30, "text": 0.29, "banner": 0.05}


@pytest.fixture
def file(tmp_path):
    return tmp_path / "policy.yaml"


@pytest.fixture
def heed(tmp_path, file):
    with running_service(tmp_path, file=file) as started:
        started.know(channels=("email",))
        yield started


def metric(heed, name):
    return next(line for line in heed.http.get("/metrics").text.splitlines() if line.startswith(name))


def test_a_changed_policy_decides_the_next_request(heed, file):
    before = heed.get("/v1/policy")["hash"]
    assert heed.decide()["disposition"] == "act"
    file.write_text(NO_MAIL)
    decision = heed.decide()
    assert (decision["disposition"], decision["binding_rule"]) == ("hold", "cap-email")
    assert decision["policy"]["name"] == "quiet"
    assert decision["policy"]["hash"] == heed.get("/v1/policy")["hash"] != before


def test_a_file_put_in_the_place_of_the_other_is_seen_too(heed, file, tmp_path):
    (tmp_path / "next.yaml").write_text(NO_MAIL)
    (tmp_path / "next.yaml").replace(file)
    assert heed.decide()["binding_rule"] == "cap-email"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FAULTY.encode(), id="a faulty rule"),
        pytest.param(b"", id="an empty file"),
        pytest.param(POLICY.encode()[: len(POLICY) // 2], id="half a file"),
        pytest.param(b"\xff\xfe", id="another encoding"),
        pytest.param(POLICY.replace("channels: [email]}", "channels: [fax]}").encode(), id="an unknown channel"),
        pytest.param(None, id="no file"),
    ],
)
def test_what_is_no_policy_leaves_the_one_before_in_force_and_says_so(heed, file, content, caplog):
    before = heed.get("/v1/policy")
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with caplog.at_level(logging.WARNING, "heed.serving"):
        assert heed.decide()["disposition"] == "act"
        heed.decide()
    shown = heed.get("/v1/policy")
    assert shown["hash"] == before["hash"]
    assert shown["refused"]["why"] in caplog.text
    assert len(caplog.records) == 1
    assert shown["refused"]["why"] in heed.get("/readyz")["parts"]["policy"]["detail"]
    assert metric(heed, "heed_policy_refused") == "heed_policy_refused 1.0"


def test_a_refused_file_that_is_mended_is_taken(heed, file):
    file.write_text(FAULTY)
    heed.decide()
    assert "parsecs" in heed.get("/v1/policy")["refused"]["why"]
    file.write_text(NO_MAIL)
    heed.decide()
    assert heed.get("/v1/policy")["refused"] is None
    assert metric(heed, "heed_policy_refused") == "heed_policy_refused 0.0"
    assert heed.get("/readyz")["parts"]["policy"]["state"] == "ok"


def test_the_file_is_read_when_it_is_asked_for(heed, file):
    file.write_text(NO_MAIL)
    assert heed.post("/v1/policy/reload", None)["name"] == "quiet"
    file.write_text(FAULTY)
    answer = heed.post("/v1/policy/reload", None)
    assert (answer["name"], "parsecs" in answer["refused"]["why"]) == ("quiet", True)


def test_a_change_that_the_status_does_not_show_is_found_by_its_content(file):
    file.write_text(POLICY)
    watched = PolicyFile(file, Clock())
    assert watched.changed() is not None
    seen = file.stat()
    file.write_text(POLICY.replace("limit: 2", "limit: 1"))
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    watched._status = watched._look()
    assert not watched.moved()
    assert watched.changed() is not None


def test_the_content_is_looked_at_at_intervals(tmp_path, file):
    with running_service(tmp_path, file=file, policy_seconds=0.01) as heed:
        file.write_text(NO_MAIL)
        deadline = time.monotonic() + 20
        while heed.get("/v1/policy")["name"] != "quiet":
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_decision_waits_for_a_policy_that_another_thread_is_reading(heed, file, monkeypatch):
    reading, go_on = threading.Event(), threading.Event()

    def slowly(*args, **named):
        reading.set()
        assert go_on.wait(20)
        return parse_policy(*args, **named)

    monkeypatch.setattr("heed.serving.deployment.policy_file.parse_policy", slowly)
    file.write_text(NO_MAIL)
    deployment = heed.runtime.deployment
    with ThreadPoolExecutor(2) as threads:
        threads.submit(deployment.reload)
        assert reading.wait(20)
        latest = threads.submit(deployment.refresh)
        with pytest.raises(TimeoutError):
            latest.result(0.2)
        go_on.set()
        assert latest.result(20).versions.policy.name == "quiet"


def test_a_status_that_changes_without_the_content_changes_nothing(heed, file, monkeypatch):
    parsed = []
    monkeypatch.setattr("heed.serving.deployment.policy_file.parse_policy", lambda *_, **__: parsed.append(1))
    file.touch()
    assert heed.decide()["disposition"] == "act"
    assert parsed == []


def test_an_act_is_decided_again_where_the_policy_changes_before_its_commit(heed, file):
    ledger, commit = heed.runtime.ledger, heed.runtime.ledger.decisions.commit

    async def changing(draft):
        ledger.decisions.commit = commit
        file.write_text(NO_MAIL)
        heed.runtime.deployment.reload()
        return await commit(draft)

    ledger.decisions.commit = changing
    decision = heed.decide()
    assert (decision["policy"]["name"], decision["disposition"]) == ("quiet", "hold")
    assert len(ledger.decisions.list()) == 1


def test_a_hold_finishes_under_the_policy_it_began_with(heed, file):
    heed.know("c2", channels=())
    ledger, commit = heed.runtime.ledger, heed.runtime.ledger.decisions.commit

    async def changing(draft):
        ledger.decisions.commit = commit
        file.write_text(NO_MAIL)
        heed.runtime.deployment.reload()
        return await commit(draft)

    ledger.decisions.commit = changing
    assert heed.decide("c2")["policy"]["name"] == "test"


def test_a_case_is_approved_under_the_policy_of_that_moment(tmp_path, file):
    with running_service(tmp_path, file=file, propensities=RIVALS, spread=0.1) as heed:
        heed.know()
        case = heed.post(f"/v1/reviews/{heed.decide()['review_id']}/claim", {"reviewer": "ana"})
        file.write_text(NO_MAIL)
        verdict = {"reviewer": "ana", "fence": case["fence"]}
        problem = heed.post(f"/v1/reviews/{case['review_id']}/approve", verdict, 409)
        assert "rule `cap-email`" in problem["detail"]


def test_a_case_is_not_approved_once_the_policy_only_watches_its_action(tmp_path, file):
    """An approval is as strict as a delivery: shadow never acts, whoever has looked."""
    with running_service(tmp_path, file=file, propensities=RIVALS, spread=0.1) as heed:
        heed.know()
        case = heed.post(f"/v1/reviews/{heed.decide()['review_id']}/claim", {"reviewer": "ana"})
        file.write_text(f"{POLICY}autonomy: {{default: shadow}}\n")
        verdict = {"reviewer": "ana", "fence": case["fence"]}
        problem = heed.post(f"/v1/reviews/{case['review_id']}/approve", verdict, 409)
        assert "The policy no longer lets `mail` be executed like this" in problem["detail"]


def test_every_decision_is_of_one_policy_while_it_changes_back_and_forth(heed, file):
    for number in range(40):
        heed.know(f"m{number}", channels=("email",))

    async def press():
        async def swap():
            for number in range(20):
                file.write_text((POLICY, NO_MAIL)[number % 2])
                await asyncio.to_thread(heed.runtime.deployment.reload)

        asked = (DecideRequest(customer_id=f"m{number}") for number in range(40))
        await asyncio.gather(swap(), *(heed.runtime.services.decisions.decide(one, Caller("test")) for one in asked))

    heed.http.portal.call(press)
    acts = {
        one["policy"]["name"]: one
        for one in map(answer, heed.runtime.ledger.decisions.list(limit=100))
        if one["action"]
    }
    assert len(heed.runtime.ledger.decisions.list(limit=100)) == 40
    assert "quiet" not in acts


def answer(record):
    return orjson.loads(record.answer)


def test_a_service_that_is_not_ready_says_so(tmp_path):
    with running_service(tmp_path, missing="no champion yet") as heed:
        assert heed.http.get("/readyz").status_code == 503
        assert heed.get("/v1/policy", 503)["type"] == "urn:heed:problem:unavailable"


def test_without_a_file_there_is_nothing_to_reload():
    def nothing():
        raise Unavailable("no model")

    deployment = DeploymentManager(nothing)
    assert (deployment.reload(), deployment.try_load(), deployment.refused) == (False, False, None)


def test_a_missing_file_has_no_status(tmp_path: Path):
    assert not PolicyFile(tmp_path / "gone.yaml", Clock()).moved()
