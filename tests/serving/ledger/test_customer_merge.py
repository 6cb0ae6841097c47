"""Two customers who turn out to be one: everything of both counts, and nothing is widened."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Consent, ConsentStatus, ContactPoint, ContactState, Customer, Facts, Suppression
from heed.decisioning.errors import Conflict, NotFound
from heed.decisioning.verdict import Effect
from heed.guardrails.rules.consent import ConsentRule, evaluate
from heed.serving.errors import StaleFacts
from heed.serving.ledger.facts.consent_merge import carried_over
from heed.serving.ledger.facts.ingest import IngestResult
from heed.serving.ledger.facts.reports import (
    ConsentReport,
    ContactReport,
    CustomerReport,
    ObjectionReport,
    OutcomeReport,
    SignalReport,
)
from heed.serving.ledger.merge import MergeResult
from tests.support.ledger_builders import NOON, act, hold, review, states, wait

HOUR = timedelta(hours=1)
GRANTED, WITHDRAWN = ConsentStatus.GRANTED, ConsentStatus.WITHDRAWN
RULE = ConsentRule(id="consent", purpose="Consent.", owner="dpo", kind="consent", addressless=("web",))
OURS, THEIRS = ContactPoint("ours", "email"), ContactPoint("theirs", "email")


def say(ledger, customer_id, status, *, ago=1, **more):
    own_id = f"{customer_id}-{status}-{ago}-{sorted(more.items())}"
    report = ConsentReport(own_id, customer_id, "email", "offers", status, NOON - ago * HOUR, **more)
    wait(ledger.facts.record_consents([report]))
    return report


def has(ledger, customer_id, *points, **more):
    wait(ledger.facts.record_customers([CustomerReport(customer_id, contact_points=points, **more)]))


def offered(channel="email", purpose="offers", topic=None):
    return Action("a", channel, purpose, "sale", 1.0, "purchase", 7.0, topic=topic)


def allowed(customer, point="email", **about):
    """Whether one contact point may be used, by the rule of consent itself."""
    alone = replace(customer, contact_points=tuple(one for one in customer.contact_points if one == point))
    return evaluate(RULE, Facts(alone, NOON), offered(**about)).effect is Effect.ALLOW


class TestConsent:
    @pytest.mark.parametrize("ago", [1, 48], ids=["withdrawn after the other's grant", "withdrawn long before it"])
    @pytest.mark.parametrize("direction", [("ada", "bob"), ("bob", "ada")], ids=["into the grant's", "out of it"])
    def test_a_withdrawal_of_one_stands_against_the_grant_of_the_other(self, ledger, ago, direction):
        for who in ("ada", "bob"):
            has(ledger, who, OURS)
        say(ledger, "ada", GRANTED, ago=24)
        say(ledger, "bob", WITHDRAWN, ago=ago)
        assert allowed(ledger.customers.snapshot("ada").customer, OURS)
        wait(ledger.customers.merge(*direction))
        assert not allowed(ledger.customers.snapshot("ada").customer, OURS)

    def test_a_grant_for_a_whole_channel_is_narrowed_to_the_contact_points_of_who_gave_it(self, ledger):
        has(ledger, "ada", OURS)
        has(ledger, "bob", THEIRS)
        say(ledger, "ada", GRANTED)
        wait(ledger.customers.merge("ada", "bob"))
        customer = ledger.customers.snapshot("ada").customer
        assert (allowed(customer, OURS), allowed(customer, THEIRS)) == (True, False)

    def test_what_the_person_says_afterwards_counts(self, ledger):
        for who in ("ada", "bob"):
            has(ledger, who, OURS)
        say(ledger, "bob", WITHDRAWN)
        wait(ledger.customers.merge("ada", "bob"))
        say(ledger, "bob", GRANTED, ago=0)
        assert allowed(ledger.customers.snapshot("ada").customer, OURS)

    def test_a_withdrawn_topic_of_one_is_taken_out_of_all_topics_of_the_other(self, ledger):
        for who in ("ada", "bob"):
            has(ledger, who, OURS)
        say(ledger, "ada", GRANTED, ago=1)
        say(ledger, "bob", WITHDRAWN, ago=5, topic="loans")
        wait(ledger.customers.merge("ada", "bob"))
        said = ledger.customers.snapshot("ada").customer.consents
        assert [(one.status, one.topic) for one in said if one.recorded_at == NOON - HOUR] == [
            (GRANTED, None),
            (WITHDRAWN, "loans"),
        ]

    def test_a_statement_sent_again_under_the_old_id_is_a_duplicate(self, ledger):
        has(ledger, "ada", OURS)
        report = say(ledger, "bob", GRANTED)
        wait(ledger.customers.merge("ada", "bob"))
        assert wait(ledger.facts.record_consents([report])) == IngestResult(0, 1)


points = st.sampled_from([ContactPoint(name, channel) for name in ("p", "q", "r") for channel in ("email", "web")])
statements = st.builds(
    Consent,
    channel=st.sampled_from(["email", "web"]),
    purpose=st.sampled_from(["offers", "news"]),
    status=st.just(GRANTED),
    recorded_at=st.integers(-6, 1).map(lambda hours: NOON + hours * HOUR),
    contact_point=st.sampled_from([None, None, "p", "q", "r"]),
    expires_at=st.sampled_from([None, None, NOON, NOON + HOUR]),
    topic=st.sampled_from([None, None, "loans"]),
)
withdrawals = st.builds(
    lambda said, channel, purpose: replace(said, status=WITHDRAWN, expires_at=None, channel=channel, purpose=purpose),
    statements,
    st.sampled_from(["email", "web", "*"]),
    st.sampled_from(["offers", "news", "*"]),
)
people = st.builds(
    lambda owned, said: Customer("one", contact_points=tuple(owned), consents=tuple(said)),
    st.lists(points, max_size=3, unique=True),
    st.lists(statements | withdrawals, max_size=6),
)


def in_order(who):
    return replace(who, consents=tuple(sorted(who.consents, key=lambda said: said.recorded_at)))


def merged(one, other):
    """The two as one, as the ledger makes them."""
    said = [
        what
        for own, second in ((one, other), (other, one))
        for statement in own.consents
        for what in carried_over(statement, own.contact_points, second.contact_points, second.consents)
    ]
    both = tuple(dict.fromkeys((*one.contact_points, *other.contact_points)))
    return replace(one, contact_points=both, consents=tuple(sorted(said, key=lambda what: what.recorded_at)))


@given(people, people, st.sampled_from(["offers", "news"]), st.sampled_from([None, "loans", "cards"]))
def test_merging_allows_nothing_that_was_not_allowed_for_one_of_the_two(one, other, purpose, topic):
    one, other = in_order(one), in_order(other)
    whole = merged(one, other)
    for point in whole.contact_points:
        about = {"channel": point.channel, "purpose": purpose, "topic": topic}
        if allowed(whole, point, **about):
            assert any(allowed(who, point, **about) for who in (one, other) if point in who.contact_points)


@given(people, people, withdrawals)
def test_after_merging_no_grant_of_one_overrules_any_withdrawal_of_the_other(one, other, withdrawal):
    about = {"channel": withdrawal.channel.replace("*", "email"), "purpose": withdrawal.purpose.replace("*", "news")}
    other = replace(other, consents=(withdrawal,))
    whole = merged(one, other)
    for point in whole.contact_points:
        if withdrawal.contact_point in (None, point.contact_point) and point.channel == about["channel"]:
            assert not allowed(whole, point, **about, topic=withdrawal.topic)


@given(people, people)
def test_whose_id_stays_makes_no_difference_to_what_is_allowed(one, other):
    first, second = merged(one, other), merged(other, one)
    for point in first.contact_points:
        about = {"channel": point.channel, "purpose": "offers"}
        if point not in one.contact_points or point not in other.contact_points:
            assert allowed(first, point, **about) == allowed(second, point, **about)


class TestEverythingElse:
    def test_contacts_of_both_count(self, ledger):
        for who in ("ada", "bob"):
            call = ContactReport(f"call-{who}", who, NOON, action_id="x", channel="call", purpose="offers")
            wait(ledger.facts.record_contacts([call]))
        wait(ledger.customers.merge("ada", "bob"))
        assert len(ledger.customers.snapshot("ada").customer.contacts) == 2

    def test_a_reserved_slot_moves_and_is_settled_under_either_id(self, ledger):
        wait(ledger.decisions.commit(act("d1", "bob")))
        wait(ledger.customers.merge("ada", "bob"))
        assert states(ledger.customers.snapshot("ada").customer) == [ContactState.RESERVED]
        wait(ledger.facts.record_contacts([ContactReport("sent", "bob", NOON, decision_id="d1")]))
        assert states(ledger.customers.snapshot("bob").customer) == [ContactState.EXECUTED]

    def test_suppressions_and_objections_of_both_count(self, ledger):
        has(ledger, "bob", suppressions=(Suppression("fraud", NOON),))
        wait(
            ledger.facts.record_objections([ObjectionReport(NOON, "bob"), ObjectionReport(NOON, contact_point="ours")])
        )
        has(ledger, "ada", OURS)
        wait(ledger.customers.merge("ada", "bob"))
        customer = ledger.customers.snapshot("ada").customer
        assert customer.suppressions == (Suppression("fraud", NOON),)
        assert len(customer.objections) == 2

    def test_what_waits_for_one_is_withdrawn_when_the_other_had_objected(self, ledger):
        wait(ledger.facts.record_objections([ObjectionReport(NOON, "ada")]))
        wait(ledger.decisions.commit(act("d1", "bob")))
        wait(ledger.customers.merge("ada", "bob"))
        assert ledger.outbox.ready() == ()

    def test_outcomes_signals_and_cases_move(self, ledger):
        wait(ledger.facts.record_signals([SignalReport("s", "bob", NOON, "click")]))
        wait(ledger.decisions.commit(review("d1", "bob", 1)))
        wait(ledger.customers.merge("ada", "bob"))
        wait(ledger.facts.record_outcomes([OutcomeReport("o", "bob", "purchase", NOON, decision_id="d1")]))
        customer = ledger.customers.snapshot("ada").customer
        assert (len(customer.signals), len(customer.outcomes)) == (1, 1)
        assert ledger.reviews.get("case-d1").customer_id == "ada"

    def test_the_profile_keeps_what_does_not_contradict(self, ledger, clock):
        has(ledger, "ada", attributes={"age": 40, "vip": True}, time_zone="UTC", jurisdiction="DE", identity=0.9)
        clock.advance(days=1)
        has(ledger, "bob", attributes={"age": 41, "city": "Ulm"}, time_zone="Asia/Tokyo", identity=0.7)
        wait(ledger.customers.merge("ada", "bob"))
        customer = ledger.customers.snapshot("ada").customer
        assert customer.attributes == {"vip": True, "city": "Ulm"}
        assert (customer.time_zone, customer.jurisdiction) == (None, "DE")
        assert (customer.identity, customer.reported_at) == (0.7, NOON)


class TestTheOldId:
    def test_it_goes_on_as_another_name_in_facts_decisions_and_queries(self, ledger):
        has(ledger, "ada")
        wait(ledger.decisions.commit(hold("before", "bob")))
        assert wait(ledger.customers.merge("ada", "bob")) == MergeResult("ada", merged=True)
        has(ledger, "bob", attributes={"age": 40})
        assert ledger.customers.snapshot("bob") == ledger.customers.snapshot("ada")
        assert ledger.customers.snapshot("bob").customer.customer_id == "ada"
        for who in ("ada", "bob"):
            assert [one.decision_id for one in ledger.decisions.list(who)] == ["before"]
            assert [one.kind for one in ledger.customers.timeline(who).entries] == ["decision"]

    def test_merging_again_changes_nothing(self, ledger):
        has(ledger, "ada")
        wait(ledger.customers.merge("ada", "bob"))
        before = ledger.customers.snapshot("ada")
        assert (
            wait(ledger.customers.merge("ada", "bob"))
            == wait(ledger.customers.merge("bob", "ada"))
            == MergeResult("ada", merged=False)
        )
        assert ledger.customers.snapshot("ada") == before

    def test_names_of_names_lead_to_the_last(self, ledger):
        has(ledger, "cleo")
        has(ledger, "ada")
        wait(ledger.customers.merge("ada", "bob"))
        wait(ledger.customers.merge("cleo", "bob"))
        assert {ledger.customers.snapshot(one).customer.customer_id for one in ("ada", "bob", "cleo")} == {"cleo"}

    @pytest.mark.parametrize("who", ["ada", "bob"], ids=["into", "from"])
    def test_a_decision_in_flight_is_made_again(self, ledger, who):
        has(ledger, "ada")
        seen = ledger.customers.snapshot(who).version
        wait(ledger.customers.merge("ada", "bob"))
        with pytest.raises(StaleFacts, match="the customer's facts changed"):
            wait(ledger.decisions.commit(act("d1", who, seen)))

    def test_nobody_is_merged_with_themselves_or_with_nobody(self, ledger):
        with pytest.raises(Conflict, match="a customer cannot be merged into itself in `from`: `ada`"):
            wait(ledger.customers.merge("ada", "ada"))
        with pytest.raises(NotFound, match="no such customer in `customer_id`: `ada`"):
            wait(ledger.customers.merge("ada", "bob"))
        assert not ledger.customers.snapshot("bob").exists

    def test_decisions_and_merges_at_once_never_lose_a_contact(self, ledger):
        async def act_on(who, number):
            for _ in range(50):
                known = ledger.customers.snapshot(who)
                try:
                    return await ledger.decisions.commit(
                        act(f"{who}-{number}", known.customer.customer_id, known.version)
                    )
                except StaleFacts:
                    await asyncio.sleep(0)
            raise AssertionError("the facts kept changing")

        async def press():
            acts = [act_on(who, number) for who in ("ada", "bob") for number in range(8)]
            await asyncio.gather(*acts[:4], ledger.customers.merge("ada", "bob"), *acts[4:])

        has(ledger, "ada")
        wait(press())
        assert len(ledger.customers.snapshot("bob").customer.contacts) == 16


def test_a_merge_over_http_leaves_the_old_id_a_name_of_the_new(heed):
    heed.know("c1", channels=("email",))
    heed.know("Old/Id", channels=())
    heed.consent("Old/Id", "email", "withdrawn")
    assert heed.decide("c1")["disposition"] == "act"
    merged = heed.post("/v1/customers/C1/merge", {"from": "OLD/ID"})
    assert merged == {"customer_id": "c1", "merged": True}
    decision = heed.decide("old/id")
    assert (decision["customer_id"], decision["binding_rule"]) == ("c1", "consent")
    assert heed.get("/v1/customers/old%2Fid")["customer_id"] == "c1"
