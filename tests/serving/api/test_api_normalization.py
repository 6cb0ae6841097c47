"""How a caller spells a channel, purpose or type never decides whether a customer is contacted."""

from datetime import timedelta
from urllib.parse import quote

import pytest

SPELLINGS = ["Email", "EMAIL", " email ", "\u00a0eMail"]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=ascii)
def test_a_withdrawal_binds_in_any_spelling(heed, spelling):
    heed.know(channels=("email",))
    heed.consent("c1", spelling, status="withdrawn", purpose="Marketing ")
    assert (heed.decide()["disposition"], heed.decide()["binding_rule"]) == ("hold", "consent")


@pytest.mark.parametrize("spelling", SPELLINGS, ids=ascii)
def test_a_grant_counts_in_any_spelling(heed, spelling):
    point = {"contact_point": "p", "channel": spelling}
    heed.know(channels=(spelling,), contact_points=[point])
    assert heed.decide()["action"]["contact_point"] == "p"


@pytest.mark.parametrize("channel", [*SPELLINGS, "*", " * ", None], ids=ascii)
def test_a_suppression_binds_in_any_spelling(heed, channel):
    order = {"reason": "dispute", "recorded_at": heed.clock().isoformat(), "channel": channel}
    heed.know(channels=("email",), suppressions=[order])
    assert heed.decide()["binding_rule"] == "suppression-list"


@pytest.mark.parametrize("spelling", SPELLINGS, ids=ascii)
def test_contacts_count_towards_caps_in_any_spelling(heed, spelling):
    heed.know(channels=("email",))
    for days in (1, 2):
        heed.contacted("c1", spelling, ago=timedelta(days=days))
    assert heed.decide()["binding_rule"] == "cap-email"


@pytest.mark.parametrize("kind", ["opt_out", "Opt_Out", "UNSUBSCRIBE", " complaint"], ids=ascii)
def test_an_objection_is_one_in_any_spelling(heed, kind):
    heed.know()
    objection = {"outcome_id": "o1", "customer_id": "c1", "type": kind, "at": heed.clock().isoformat()}
    heed.post("/v1/outcomes", {"outcomes": [objection]})
    assert heed.decide()["binding_rule"] == "consent"


def test_the_same_statement_in_another_spelling_is_a_duplicate(heed):
    told = {"customer_id": "c1", "purpose": "marketing", "status": "granted", "recorded_at": heed.clock().isoformat()}
    counts = [
        heed.post("/v1/consents", {"consents": [{"consent_id": "a", "channel": channel, **told}]})
        for channel in ("email", "Email")
    ]
    assert counts == [{"accepted": 1, "duplicates": 0}, {"accepted": 0, "duplicates": 1}]


def test_what_is_recorded_is_shown_in_its_one_form(heed):
    heed.know(channels=("Email",))
    assert [one["channel"] for one in heed.get("/v1/customers/c1")["consents"]] == ["email"]


@pytest.mark.parametrize("status", ["granted", "withdrawn"])
def test_only_a_withdrawal_covers_everything_in_any_spelling(heed, status):
    statement = {"consent_id": "a", "customer_id": "c1", "channel": " * ", "purpose": "marketing", "status": status}
    answer = heed.http.post("/v1/consents", json={"consents": [{**statement, "recorded_at": heed.clock().isoformat()}]})
    assert answer.status_code == {"granted": 400, "withdrawn": 200}[status]


def test_a_name_of_nothing_but_space_is_refused(heed):
    heed.know()
    signal = {"signal_id": "s", "customer_id": "c1", "type": "\u2003", "at": heed.clock().isoformat()}
    problem = heed.post("/v1/signals", {"signals": [signal]}, 400)
    assert problem["field"] == "signals.0.type"


PEOPLE = ["anna@x", "Anna@X", " anna@x ", "\uff41nna@x", "ANNA@\uff38\u3000"]


@pytest.mark.parametrize("spelling", PEOPLE, ids=ascii)
def test_a_customer_is_one_in_any_spelling(heed, spelling):
    heed.know("Anna@x", attributes={"age": 41})
    decision = heed.decide(spelling)
    assert (decision["customer_known"], decision["customer_id"]) == (True, "anna@x")
    assert heed.get(f"/v1/customers/{quote(spelling, safe='')}")["attributes"] == {"age": 41}
    (found,) = heed.get(f"/v1/decisions?customer_id={quote(spelling)}")["decisions"]
    assert found == decision


@pytest.mark.parametrize("spelling", PEOPLE, ids=ascii)
def test_no_spelling_of_a_customer_escapes_a_cap(heed, spelling):
    heed.know("Anna@x", channels=("email",))
    for customer_id in ("Anna@x", spelling):
        heed.contacted(customer_id)
    assert heed.decide(spelling)["binding_rule"] == "cap-email"


@pytest.mark.parametrize("spelling", PEOPLE, ids=ascii)
def test_no_spelling_of_a_customer_escapes_a_withdrawal(heed, spelling):
    heed.know("Anna@x", channels=("email",))
    heed.consent(spelling, "email", status="withdrawn")
    assert heed.decide("Anna@x")["binding_rule"] == "consent"


@pytest.mark.parametrize("spelling", PEOPLE, ids=ascii)
def test_no_spelling_of_a_contact_point_escapes_a_withdrawal_or_an_objection(heed, spelling):
    point = {"contact_point": "Anna@x", "channel": "email"}
    heed.know(channels=("email",), contact_points=[point])
    said = {"customer_id": "c1", "channel": "email", "purpose": "marketing", "contact_point": spelling}
    now = heed.clock().isoformat()
    withdrawn = {"consent_id": "w", "status": "withdrawn", "recorded_at": now, **said}
    heed.post("/v1/consents", {"consents": [withdrawn]})
    assert heed.decide()["binding_rule"] == "consent"
    heed.post("/v1/objections", {"objections": [{"contact_point": spelling, "recorded_at": now}]})
    assert heed.decide()["binding_rule"] == "heed-objection"


@pytest.mark.parametrize("path", ["/decide", "/decide_batch"])
def test_an_id_of_nothing_but_space_is_refused(heed, path):
    asked = {"customer_id": "\u3000"}
    problem = heed.post(path, asked if path == "/decide" else {"requests": [asked]}, 400)
    assert problem["field"].endswith("customer_id")
