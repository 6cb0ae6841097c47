"""What goes out over all customers: counted with the slots, and never above a limit, however many ask at once."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.customer import Volume
from heed.decisioning.decision import Disposition
from heed.serving.decisions.record import Caller
from heed.serving.errors import StaleFacts
from heed.serving.ledger.facts.reports import ContactReport, ObjectionReport
from heed.serving.ledger.reviews import Execution
from heed.serving.replay.receipt import unpack
from heed.serving.schemas.decision_requests import DecideRequest
from tests.support.in_process_service import POLICY, offer, running_service
from tests.support.ledger_builders import MAIL, NOON, Clock, act, new_ledger, review, wait

DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
LIMIT = """
  - {id: daily, purpose: Enough for all., owner: crm, kind: volume_limit, per: action, contacts: 5, window: 1d}
  - {id: budget, purpose: Enough is spent., owner: crm, kind: volume_limit, budget: 10.0, window: 7d}
"""
OFFERS = (offer("mail", cost=1.5), offer("text", "sms", cost=1.0))


def total(ledger, window=DAY):
    found = ledger.facts.volumes((window,))
    return sum(one.contacts for one in found), sum(one.spent for one in found)


def test_nothing_was_sent_in_the_beginning(ledger):
    assert ledger.facts.volumes((DAY,)) == ()


def test_a_slot_counts_with_its_cost_from_its_reservation_on(ledger):
    wait(ledger.decisions.commit(act("d1", cost=2.5)))
    (volume,) = ledger.facts.volumes((timedelta(hours=1),))
    assert (volume.action_id, volume.contacts, volume.spent) == (MAIL.action_id, 1, 2.5)
    assert volume.since <= NOON < volume.until


@pytest.mark.parametrize(
    ("statuses", "counted"),
    [
        pytest.param(["executed"], (1, 2.5), id="an executed slot counts once"),
        pytest.param(["failed"], (0, 0), id="a released slot is free"),
        pytest.param(["failed", "failed"], (0, 0), id="a slot is free once"),
        pytest.param(["failed", "executed"], (1, 2.5), id="what went out after all counts"),
    ],
)
def test_what_became_of_a_slot(ledger, statuses, counted):
    wait(ledger.decisions.commit(act("d1", cost=2.5)))
    for number, status in enumerate(statuses):
        wait(ledger.facts.record_contacts([ContactReport(f"r{number}", "ada", NOON, status, "d1")]))
    assert total(ledger) == counted


def test_what_an_objection_withdraws_is_free(ledger):
    wait(ledger.decisions.commit(act("d1", cost=2.5)))
    wait(ledger.facts.record_objections([ObjectionReport(NOON, "ada")]))
    assert total(ledger) == (0, 0)


def test_an_approved_review_counts(ledger):
    wait(ledger.decisions.commit(review("d1")))
    fence = wait(ledger.reviews.claim("case-d1", "ann")).fence
    wait(
        ledger.reviews.approve(
            "case-d1", "ann", fence, execution=Execution("s", MAIL, cost=4.0), allowed=lambda _: None
        )
    )
    assert total(ledger) == (1, 4.0)


def test_contacts_by_other_tools_count_once_and_only_if_they_were_made(ledger):
    def call(own_id, status="executed"):
        what = {"action_id": "win_back", "channel": "call", "purpose": "offers", "cost": 6.0}
        return ContactReport(own_id, "ada", NOON, status, **what)

    for report in (call("c1"), call("c1"), call("c2", "failed")):
        wait(ledger.facts.record_contacts([report]))
    assert total(ledger) == (1, 6.0)


def test_a_window_reaches_back_to_the_beginning_of_a_quarter_of_an_hour(ledger, clock):
    wait(ledger.decisions.commit(act("d1")))
    clock.now = NOON + timedelta(hours=1, minutes=14)
    assert total(ledger, timedelta(hours=1))[0] == 1
    clock.advance(minutes=1)
    assert total(ledger, timedelta(hours=1))[0] == 0


spans = st.lists(st.sampled_from([timedelta(minutes=20), timedelta(hours=5), DAY, 7 * DAY]), min_size=1, max_size=3)


@pytest.mark.slow
@given(st.lists(st.integers(-9 * 96, 8), max_size=12), spans)
def test_every_window_holds_all_that_was_sent_in_it_and_at_most_a_quarter_more(tmp_path_factory, quarters, windows):
    clock = Clock(NOON + timedelta(minutes=7))
    with new_ledger(tmp_path_factory.mktemp("volumes"), clock) as ledger:
        times = [NOON + number * QUARTER for number in quarters]
        for number, at in enumerate(times):
            what = {"action_id": "win_back", "channel": "call", "purpose": "offers"}
            wait(ledger.facts.record_contacts([ContactReport(f"c{number}", "ada", at, **what)]))
        found = ledger.facts.volumes(tuple(windows))
    for window in windows:
        counted = sum(one.contacts for one in found if one.until > clock.now - window)
        least = sum(at > clock.now - window for at in times)
        most = sum(at > clock.now - window - QUARTER for at in times)
        assert least <= counted <= most


def test_volumes_are_read_for_the_policies_that_ask_for_them_alone(tmp_path):
    with running_service(tmp_path) as heed:
        assert heed.runtime.deployment.current().windows is None
    with running_service(tmp_path / "other", policy=POLICY + LIMIT, offers=OFFERS) as heed:
        assert heed.runtime.deployment.current().windows == (DAY, 7 * DAY)


@pytest.fixture
def limited(tmp_path):
    with running_service(tmp_path, policy=POLICY + LIMIT, offers=OFFERS) as started:
        for number in range(24):
            started.know(f"c{number}")
        yield started


def test_a_limit_says_when_it_is_free_again(limited):
    for number in range(5):
        assert limited.decide(f"c{number}", candidates=["mail"])["disposition"] == "act"
    held = limited.decide("c5", candidates=["mail"])
    assert (held["disposition"], held["binding_rule"]) == ("hold", "daily")
    assert held["eligible_at"] > limited.clock().isoformat()
    limited.clock.advance(days=1, hours=1)
    assert limited.decide("c5", candidates=["mail"])["disposition"] == "act"


def test_what_other_tools_sent_counts_with_the_cost_of_the_catalogue_or_their_own(limited):
    def sent(own_id, **more):
        contact = {"contact_id": own_id, "customer_id": "c1", "at": limited.clock().isoformat(), "channel": "sms"}
        limited.post("/v1/contacts", {"contacts": [{**contact, "purpose": "marketing", "action_id": "text", **more}]})

    sent("a")
    sent("b", cost=8.5)
    held = limited.decide("c2", candidates=["text"])
    assert held["binding_rule"] == "budget"
    assert "9.50 of 10.00 spent" in held["reasons"][0]


@pytest.mark.parametrize(("action_id", "most"), [("mail", 5), ("text", 5)])
def test_no_limit_is_exceeded_by_many_decisions_for_many_customers_at_once(limited, action_id, most):
    engine = limited.runtime.services.decisions

    async def press():
        asked = [DecideRequest(customer_id=f"c{number}", candidates=[action_id]) for number in range(24)]
        return await asyncio.gather(*(engine.decide(one, Caller("test")) for one in asked))

    limited.http.portal.call(press)
    dispositions = [one.disposition for one in limited.runtime.ledger.decisions.list(limit=100)]
    assert len(dispositions) == 24
    assert dispositions.count(Disposition.ACT) == most
    assert total(limited.runtime.ledger)[0] == most


def test_a_budget_that_one_contact_would_exceed_is_kept_to_the_cent(limited):
    acts = [limited.decide(f"c{number}") for number in range(12)]
    assert [one["disposition"] for one in acts].count("act") == 7
    assert total(limited.runtime.ledger)[1] == 5 * 1.5 + 2 * 1.0


def test_at_the_ledger_itself_concurrent_commits_see_each_others_volumes(ledger):
    def room(_now, volumes):
        return sum(one.contacts for one in volumes) < 3

    async def press():
        drafts = [act(f"d{n}", f"customer {n}", still_allowed=room, windows=(DAY,)) for n in range(20)]
        return await asyncio.gather(*(ledger.decisions.commit(one) for one in drafts), return_exceptions=True)

    refused = [one for one in wait(press()) if isinstance(one, StaleFacts)]
    assert len(refused) == 17
    assert total(ledger)[0] == 3


def test_a_case_cannot_be_approved_over_a_limit(tmp_path):
    rivals = {"mail": 0.30, "text": 0.29}
    with running_service(tmp_path, policy=POLICY + LIMIT, offers=OFFERS, propensities=rivals, spread=0.1) as heed:
        heed.know()
        decision = heed.decide()
        case = heed.post(f"/v1/reviews/{decision['review_id']}/claim", {"reviewer": "ana"})
        for number in range(5):
            contact = {"contact_id": f"x{number}", "customer_id": f"o{number}", "at": heed.clock().isoformat()}
            what = {"action_id": decision["proposed_action_id"], "channel": "email", "purpose": "marketing"}
            heed.post("/v1/contacts", {"contacts": [{**contact, **what}]})
        verdict = {"reviewer": "ana", "fence": case["fence"]}
        problem = heed.post(f"/v1/reviews/{case['review_id']}/approve", verdict, 409)
        assert "rule `daily`" in problem["detail"]


def test_volumes_are_in_the_receipt(limited):
    limited.decide("c1", candidates=["mail"])
    kept = unpack(limited.runtime.ledger.decisions.receipt(limited.decide("c2", candidates=["mail"])["decision_id"]))
    assert kept.facts.volumes is not None
    assert [(one.action_id, one.contacts, one.spent) for one in kept.facts.volumes] == [("mail", 1, 1.5)]
    assert isinstance(kept.facts.volumes[0], Volume)
