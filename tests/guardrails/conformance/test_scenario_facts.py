"""The short form of scenarios becomes facts as they are reported."""

from datetime import UTC, datetime
from typing import Any

import pytest

from heed.guardrails.conformance.scenario_facts import build_fact, initial_facts
from tests.support.conformance_scenarios import names

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def told(kind: str, **said: Any) -> dict[str, Any]:
    return build_fact(names(), kind, {"customer": "ada", **said}, NOW)


def test_a_customer_of_whom_nothing_is_said_is_reachable_and_has_agreed() -> None:
    facts = initial_facts(names(), "ada", {}, NOW)
    (customer,), (consent,) = facts["customers"], facts["consents"]
    assert customer["contact_points"] == [{"contact_point": "test/ada-email", "channel": "email"}]
    assert (customer["time_zone"], customer["jurisdiction"]) == ("Europe/London", "GB")
    assert (consent["status"], consent["channel"], consent["purpose"]) == ("granted", "email", "marketing")
    assert consent["recorded_at"] == "2026-02-02T12:00:00+00:00"


def test_what_is_said_replaces_what_is_usual_and_null_leaves_out() -> None:
    facts = initial_facts(names(), "ada", {"time_zone": None, "consents": [], "contacts": [{"ago": "1d"}]}, NOW)
    assert facts.keys() == {"customers", "contacts"}
    assert "time_zone" not in facts["customers"][0]
    assert facts["contacts"][0]["at"] == "2026-03-03T12:00:00+00:00"


def test_null_attributes_are_sent_as_null() -> None:
    assert told("customers", attributes={"age": None})["attributes"] == {"age": None}


def test_times_are_as_they_are_said_or_so_long_ago_or_now() -> None:
    assert told("signals", at="2026-03-04T13:00:00")["at"] == "2026-03-04T13:00:00"
    assert told("signals", ago="90m")["at"] == "2026-03-04T10:30:00+00:00"
    assert told("objections")["recorded_at"] == "2026-03-04T12:00:00+00:00"
    assert told("customers", suppressions=[{"reason": "x", "ago": "1d"}])["suppressions"] == [
        {"reason": "x", "recorded_at": "2026-03-03T12:00:00+00:00"}
    ]


@pytest.mark.parametrize("kind", ["consents", "objections", "signals", "contacts", "outcomes"])
def test_ids_are_the_scenarios_own_and_each_fact_has_another(kind: str) -> None:
    own, again = names(), {"customer": "ada"}
    id_name = next(
        name for name in build_fact(own, kind, again, NOW) if name.endswith("_id") and name[:-3] + "s" == kind
    )
    ids = {build_fact(own, kind, again, NOW)[id_name] for _ in range(3)}
    assert len(ids) == 3
    assert all(one.startswith("test/") for one in ids)
    assert told(kind, id="form-1")[id_name] == "test/form-1"


def test_contact_points_are_the_scenarios_own() -> None:
    assert told("consents", contact_point="home")["contact_point"] == "test/home"
    points = told("customers", contact_points={"phone": {"channel": "sms", "time_zones": ["America/Denver"]}})
    assert points["contact_points"] == [
        {"contact_point": "test/phone", "channel": "sms", "time_zones": ["America/Denver"]}
    ]


def test_an_objection_may_be_a_contact_points_alone() -> None:
    assert "customer_id" not in build_fact(names(), "objections", {"contact_point": "home"}, NOW)
