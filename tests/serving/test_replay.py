from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.customer import (
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
from decisioning.errors import Conflict, InvalidInput
from serving import receipt
from serving.answer import ModelRef, PolicyRef, Versions, decode, encode
from serving.receipt import pack, unpack
from serving.replay import again, differences
from serving.requests import DecideRequest
from tests.serving.running import Heed

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


def typed(values: Any) -> list[tuple[str, type]]:
    return sorted((name, type(value)) for name, value in values.items())


@given(st.builds(Facts, customers, moments, st.dictionaries(words, scalars, max_size=4)))
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
    ledger, in_force = heed.runtime.ledger, heed.runtime.standby.current()
    kept = unpack(ledger.receipt(said["decision_id"]))
    answer = decode(ledger.decision(said["decision_id"]).answer)
    assert differences(again(kept, in_force), answer, in_force.level) == ()


def test_whatever_differs_is_named(heed: Heed) -> None:
    heed.know()
    decision_id = heed.decide()["decision_id"]
    ledger, in_force = heed.runtime.ledger, heed.runtime.standby.current()
    made = again(unpack(ledger.receipt(decision_id)), in_force)
    answer = decode(ledger.decision(decision_id).answer)
    other = replace(made, contact_point="elsewhere", confidence=made.confidence / 2, candidates=made.candidates[1:])
    assert differences(other, answer, in_force.level) == ("action", "confidence", "candidates")


def test_facts_that_come_later_do_not_change_what_a_receipt_says(heed: Heed) -> None:
    heed.know()
    decision_id = heed.decide()["decision_id"]
    heed.consent("c1", "email", "withdrawn")
    ledger, in_force = heed.runtime.ledger, heed.runtime.standby.current()
    made = again(unpack(ledger.receipt(decision_id)), in_force)
    assert differences(made, decode(ledger.decision(decision_id).answer), in_force.level) == ()


def test_another_policy_is_not_asked(heed: Heed) -> None:
    heed.know()
    kept = unpack(heed.runtime.ledger.receipt(heed.decide()["decision_id"]))
    in_force = heed.runtime.standby.current()
    versions = replace(in_force.versions, policy=PolicyRef("test", "f" * 64))
    with pytest.raises(Conflict, match=r"another version decided.*load the model, the policy and the catalogue"):
        again(kept, replace(in_force, versions=versions))


def test_an_answer_is_read_back_as_it_was_sent(heed: Heed) -> None:
    heed.know()
    record = heed.runtime.ledger.decision(heed.decide(explain="all")["decision_id"])
    assert encode(decode(record.answer)) == record.answer
