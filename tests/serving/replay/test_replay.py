import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.customer import (
    Consent,
    ConsentStatus,
    Contact,
    ContactPoint,
    ContactState,
    Customer,
    Facts,
    Signal,
    Signals,
    Suppression,
)
from heed.decisioning.errors import Conflict, InvalidInput
from heed.decisioning.kill_switch import Stop
from heed.decisioning.verdict import Effect
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.errors import ArtifactMissing
from heed.serving.replay import receipt
from heed.serving.replay.artifacts import ArtifactResolver, ReplayModel, artifacts_of
from heed.serving.replay.receipt import FORMAT, Receipt, pack, unpack
from heed.serving.replay.replay import Replay, Result, differences, redecide, replay
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.schemas.responses import ModelRef, PolicyRef, Versions, decode, encode
from tests.support.in_process_service import POLICY, Heed, running_service

VERSIONS = Versions(ModelRef("heed", "1", "d" * 64), PolicyRef("p", "h"), "c")

words = st.text(max_size=8)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 -- bounds
numbers = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | words
signals = st.lists(st.builds(Signal, words, moments, st.none() | words, st.floats(0.01, 1.0), st.none() | numbers))
customers = st.builds(
    Customer,
    customer_id=words,
    attributes=st.dictionaries(words, scalars, max_size=4),
    time_zone=st.none() | words,
    contact_points=st.tuples(st.builds(ContactPoint, words, words)),
    consents=st.tuples(
        st.builds(Consent, words, words, st.sampled_from(ConsentStatus), moments, st.none() | words, st.none() | words)
    ),
    suppressions=st.tuples(st.builds(Suppression, words, moments, st.none() | words, st.none() | moments)),
    signals=signals.map(Signals.of),
    contacts=st.tuples(
        st.builds(Contact, words, words, words, words, moments, state=st.sampled_from(list(ContactState)))
    ),
)

orders = st.builds(
    Stop, words, st.none() | moments, st.sampled_from([Effect.SUPPRESS, Effect.REVIEW]), st.none() | words
)


def typed(values: Any) -> list[tuple[str, type]]:
    return sorted((name, type(value)) for name, value in values.items())


@given(st.builds(Facts, customers, moments, st.dictionaries(words, scalars, max_size=4), stops=st.tuples(orders)))
def test_a_receipt_is_read_back_as_it_was_written(facts: Facts) -> None:
    request = DecideRequest(customer_id="c1", candidates=["a"])
    found = unpack(pack(facts, request, VERSIONS))
    assert (found.facts, found.versions) == (facts, VERSIONS)
    assert found.request["candidates"] == ["a"]
    assert typed(found.facts.customer.attributes) == typed(facts.customer.attributes)
    assert pack(found.facts, request, found.versions) == pack(facts, request, VERSIONS)


def test_what_is_no_receipt_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"not a receipt of a decision.*take it from the ledger"):
        unpack(b"no zlib")


def test_a_receipt_of_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt, "FORMAT", 9)
    packed = pack(Facts(Customer("c1"), datetime.now(UTC)), DecideRequest(customer_id="c1"), VERSIONS)
    monkeypatch.undo()
    with pytest.raises(InvalidInput, match=r"another format.*`9`.*reads formats 1 and 2"):
        unpack(packed)


@pytest.mark.parametrize(
    ("told", "disposition"),
    [
        pytest.param({}, "act", id="an act"),
        pytest.param({"candidates": ["banner", "text"], "explain": "all"}, "act", id="an act among named candidates"),
        pytest.param({"customer_id": "nobody"}, "hold", id="a hold for a customer who is not on record"),
        pytest.param({"customer": {"time_zone": "Asia/Tokyo"}, "candidates": ["mail"]}, "act", id="inline facts"),
    ],
)
def test_a_decision_is_made_again_from_its_receipt(heed: Heed, told: dict[str, Any], disposition: str) -> None:
    heed.know()
    heed.contacted("c1", "sms", ago=timedelta(days=2))
    said = heed.decide(**told)
    assert said["disposition"] == disposition
    assert replayed(heed, said["decision_id"]) == Replay(said["decision_id"], heed.clock(), Result.SAME)


def test_whatever_differs_is_named(heed: Heed) -> None:
    heed.know()
    decision_id = heed.decide()["decision_id"]
    sent = heed.runtime.ledger.decisions.get(decision_id).answer
    kept, in_force = unpack(heed.runtime.ledger.decisions.receipt(decision_id)), heed.runtime.deployment.current()
    answer = decode(sent)
    other = replace(answer, action=None, confidence=answer.confidence / 2, candidates=answer.candidates[1:])
    assert differences(kept, in_force, encode(other)) == ("action", "confidence", "candidates")
    assert differences(kept, in_force, sent.replace(b":", b": ", 1)) == ("bytes",)
    assert differences(kept, in_force, sent) == ()


def test_facts_that_come_later_do_not_change_what_a_receipt_says(heed: Heed) -> None:
    heed.know()
    decision_id = heed.decide()["decision_id"]
    heed.consent("c1", "email", "withdrawn")
    assert replayed(heed, decision_id).result is Result.SAME


@given(st.sampled_from([b"", b"{}", b"\xff", b'{"decision_id":1}']))
def test_what_is_no_answer_is_refused(sent: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"not an answer of a decision.*take it from the ledger"):
        differences(
            Receipt(FORMAT, {}, Facts(Customer("c"), datetime.now(UTC)), VERSIONS), cast(ActiveVersions, None), sent
        )


def test_a_policy_that_changed_since_is_found_by_its_hash(tmp_path: Path) -> None:
    with running_service(tmp_path, file=tmp_path / "policy.yaml") as heed:
        heed.know()
        first = heed.decide(explain="all")["decision_id"]
        (tmp_path / "policy.yaml").write_text(POLICY.replace("limit: 3", "limit: 1"))
        heed.post("/v1/policy/reload", {})
        second = heed.decide("c2")
        hashes = {heed.runtime.ledger.decisions.get(one).policy_hash for one in (first, second["decision_id"])}
        assert len(hashes) == 2
        (tmp_path / "policy.yaml").unlink()
        pinned = pinned_as(heed)
        results = [replay(heed.runtime.ledger.decisions, pinned, one).result for one in (first, second["decision_id"])]
        assert results == [Result.SAME, Result.SAME]


def test_versions_that_are_gone_are_reported_and_not_guessed(heed: Heed) -> None:
    heed.know()
    ledger, decision_id = heed.runtime.ledger, heed.decide()["decision_id"]

    def no_model(ref: ModelRef) -> ReplayModel:
        raise ArtifactMissing("no model of this version and content is there", field="model", value=ref.version)

    class Lost:
        def get(self, kind: str, digest: str) -> str | None:
            return None if kind == "policy" else ledger.artifacts.get(kind, digest)

    class Edited:
        def get(self, kind: str, digest: str) -> str | None:
            text = ledger.artifacts.get(kind, digest)
            return text and (text + " " if kind == "catalogue" else text)

    found = [
        replay(ledger.decisions, ArtifactResolver(kept, no_model), decision_id)
        for kept in (ledger.artifacts, Lost(), Edited())
    ]
    assert [one.result for one in found] == [Result.GONE] * 3
    assert "model`: `7`" in str(found[0].reason)
    assert "the policy is not in the ledger" in str(found[1].reason)
    assert "the catalogue was changed in the ledger" in str(found[2].reason)


def test_every_text_that_decided_is_kept_under_the_hash_of_itself(heed: Heed) -> None:
    heed.decide("nobody")
    in_force = heed.runtime.deployment.current()
    for pin in artifacts_of(in_force):
        assert heed.runtime.ledger.artifacts.get(pin.kind, pin.digest) == pin.text
        assert hashlib.sha256(pin.text.encode()).hexdigest() == pin.digest
    again = pinned_as(heed).of(in_force.versions)
    assert (again.policy, again.catalogue) == (in_force.policy, in_force.catalogue)


def pinned_as(heed: Heed) -> ArtifactResolver:
    """What the ledger keeps, with the model of the test."""
    now = heed.runtime.deployment.current()
    return ArtifactResolver(
        heed.runtime.ledger.artifacts,
        lambda _: ReplayModel(now.scorer, now.level, now.certificate, now.attribute_types),
    )


def replayed(heed: Heed, decision_id: str) -> Replay:
    return replay(heed.runtime.ledger.decisions, pinned_as(heed), decision_id)


def test_another_policy_is_not_asked(heed: Heed) -> None:
    heed.know()
    kept = unpack(heed.runtime.ledger.decisions.receipt(heed.decide()["decision_id"]))
    in_force = heed.runtime.deployment.current()
    versions = replace(in_force.versions, policy=PolicyRef("test", "f" * 64))
    with pytest.raises(Conflict, match=r"another version decided.*load the model, the policy and the catalogue"):
        redecide(kept, replace(in_force, versions=versions))


def test_an_answer_is_read_back_as_it_was_sent(heed: Heed) -> None:
    heed.know()
    record = heed.runtime.ledger.decisions.get(heed.decide(explain="all")["decision_id"])
    assert encode(decode(record.answer)) == record.answer
