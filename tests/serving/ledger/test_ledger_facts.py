from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import MessageClass
from heed.decisioning.customer import (
    Consent,
    ConsentStatus,
    Contact,
    ContactPoint,
    ContactState,
    Customer,
    OutcomeEvent,
    Signal,
    Signals,
    Suppression,
)
from heed.decisioning.errors import Conflict, InvalidInput, NotFound
from heed.serving.ledger.backend.times import from_micros, from_micros_many, to_micros
from heed.serving.ledger.facts.ingest import IngestResult
from heed.serving.ledger.facts.reports import ConsentReport, ContactReport, CustomerReport, OutcomeReport, SignalReport
from heed.serving.ledger.facts.signals import SIGNALS_MAX
from heed.serving.ledger.facts.snapshot import CustomerSnapshot
from tests.support.ledger_builders import MAIL, NOON, Clock, act, hold, new_ledger, wait

HOUR = timedelta(hours=1)

GRANT = ConsentReport("grant", "ada", "email", "offers", ConsentStatus.GRANTED, NOON - HOUR, basis="newsletter form")
CLICK = SignalReport("click", "ada", NOON - HOUR, "click", "email", 0.8, 2.5)
CALL = ContactReport(
    "call",
    "ada",
    NOON - HOUR,
    action_id="win_back",
    channel="call",
    purpose="offers",
    category="care",
    source="dialler",
)
BOUGHT = OutcomeReport("bought", "ada", "purchase", NOON, value=19.9)
CALLED = OutcomeReport("answered", "ada", "answered", NOON - HOUR / 2, contact_id="call")


def send(ledger, *reports):
    verbs = {
        CustomerReport: ledger.facts.record_customers,
        ConsentReport: ledger.facts.record_consents,
        SignalReport: ledger.facts.record_signals,
        ContactReport: ledger.facts.record_contacts,
        OutcomeReport: ledger.facts.record_outcomes,
    }
    return wait(verbs[type(reports[0])](reports))


def consents(ledger, customer_id="ada"):
    return [
        (one.channel, one.purpose, one.status.value) for one in ledger.customers.snapshot(customer_id).customer.consents
    ]


def test_nothing_is_known_of_a_stranger(ledger):
    assert ledger.customers.snapshot("ada") == CustomerSnapshot(Customer("ada"), 0, exists=False)


def test_what_was_reported_is_known_in_the_words_of_the_vocabulary(ledger):
    suppression = Suppression("bereavement", NOON - HOUR, "call", NOON + HOUR)
    zones = ("America/Chicago", "America/Denver")
    points = (ContactPoint("mail-1", "email"), ContactPoint("phone-1", "call", zones), ContactPoint("phone-1", "sms"))
    profile = CustomerReport(
        "ada", {"age": 36, "vip": True, "ltv": 12.5}, "Europe/Berlin", "DE", points, (suppression,), 0.9
    )
    for report in (profile, GRANT, CLICK, CALL, CALLED):
        assert send(ledger, report) == IngestResult(1, 0)
    consent = Consent("email", "offers", ConsentStatus.GRANTED, NOON - HOUR, basis="newsletter form")
    contact = Contact("win_back", "call", "offers", "care", NOON - HOUR)
    assert ledger.customers.snapshot("ada") == CustomerSnapshot(
        Customer(
            "ada",
            {"age": 36, "vip": True, "ltv": 12.5},
            "Europe/Berlin",
            "DE",
            points,
            (consent,),
            (suppression,),
            Signals.of([Signal("click", NOON - HOUR, "email", 0.8, 2.5)]),
            (contact,),
            outcomes=(OutcomeEvent("answered", NOON - HOUR / 2, "win_back"),),
            identity=0.9,
            reported_at=NOON,
        ),
        version=5,
        exists=True,
    )


@pytest.mark.parametrize("report", [GRANT, CLICK, CALL, BOUGHT], ids=["consent", "signal", "contact", "outcome"])
def test_a_fact_sent_twice_is_taken_once(report, ledger):
    assert send(ledger, report) == IngestResult(accepted=1, duplicates=0)
    known = ledger.customers.snapshot("ada")
    assert send(ledger, report) == IngestResult(accepted=0, duplicates=1)
    assert ledger.customers.snapshot("ada") == known


@pytest.mark.parametrize(
    ("report", "changes", "complaint"),
    [
        pytest.param(
            GRANT, {"status": ConsentStatus.WITHDRAWN}, "`consent_id` `grant` .* another `status`", id="consent"
        ),
        pytest.param(GRANT, {"contact_point": "mail-2"}, "`grant` .* another `contact_point`", id="its contact point"),
        pytest.param(GRANT, {"customer_id": "bob"}, "`grant` .* another `customer_id`", id="its customer"),
        pytest.param(CLICK, {"value": None}, "`signal_id` `click` .* another `value`", id="signal"),
        pytest.param(CLICK, {"at": NOON}, "`click` .* another `at`", id="its time"),
        pytest.param(CALL, {"status": "failed"}, "`contact_id` `call` .* another `state`", id="contact"),
        pytest.param(CALL, {"source": None}, "`call` .* another `source`", id="its source"),
        pytest.param(BOUGHT, {"value": 20.0}, "`outcome_id` `bought` .* another `value`", id="outcome"),
    ],
)
def test_an_id_that_comes_back_with_other_content_is_refused_by_name(report, changes, complaint, ledger):
    send(ledger, report)
    before = ledger.customers.timeline("ada")
    with pytest.raises(Conflict, match=complaint):
        send(ledger, replace(report, **changes))
    assert ledger.customers.timeline("ada") == before
    assert not ledger.customers.snapshot("bob").exists


def test_of_a_request_with_one_bad_fact_nothing_is_taken(ledger):
    send(ledger, CLICK)
    batch = [replace(CLICK, signal_id="new"), replace(CLICK, type="open")]
    with pytest.raises(Conflict, match="`click` was recorded before with another `type`"):
        wait(ledger.facts.record_signals(batch))
    assert len(ledger.customers.snapshot("ada").customer.signals) == 1


@pytest.mark.parametrize("report", [GRANT, CLICK, CALL, BOUGHT], ids=["consent", "signal", "contact", "outcome"])
def test_within_one_request_an_id_counts_once(report, ledger):
    assert send(ledger, report, report) == IngestResult(accepted=1, duplicates=1)
    assert ledger.customers.snapshot("ada").version == 1


@pytest.mark.parametrize("report", [GRANT, CLICK, CALL, BOUGHT], ids=["consent", "signal", "contact", "outcome"])
def test_within_one_request_an_id_with_two_contents_is_refused_and_nothing_taken(report, ledger):
    with pytest.raises(Conflict, match="was recorded before with another `customer_id`"):
        send(ledger, report, replace(report, customer_id="bob"))
    assert not ledger.customers.snapshot("ada").exists


def test_a_request_raises_the_version_of_each_customer_once(ledger):
    batch = [replace(CLICK, signal_id=f"s{n}", customer_id=who) for n, who in enumerate(("ada", "bob", "ada"))]
    wait(ledger.facts.record_signals(batch))
    assert (ledger.customers.snapshot("ada").version, ledger.customers.snapshot("bob").version) == (1, 1)


def test_a_time_without_an_offset_is_refused(ledger):
    with pytest.raises(InvalidInput, match="a time without an offset names no moment"):
        send(ledger, replace(CLICK, at=datetime(2026, 3, 2, 12)))  # noqa: DTZ001 - the fault under test


def test_a_profile_keeps_what_a_later_report_leaves_out(ledger):
    points = (ContactPoint("mail-1", "email"),)
    send(ledger, CustomerReport("ada", {"age": 36, "city": "Ulm"}, "Europe/Berlin", "DE", points))
    assert send(ledger, CustomerReport("ada", {"age": 37})) == IngestResult(1, 0)
    customer = ledger.customers.snapshot("ada").customer
    assert customer.attributes == {"age": 37, "city": "Ulm"}
    assert (customer.time_zone, customer.jurisdiction, customer.contact_points) == ("Europe/Berlin", "DE", points)


def test_contact_points_that_are_given_replace_those_on_record_in_their_order(ledger):
    first, second = ContactPoint("mail-1", "email"), ContactPoint("mail-2", "email")
    send(ledger, CustomerReport("ada", contact_points=(first,)))
    send(ledger, CustomerReport("ada", contact_points=(second, first, second)))
    assert ledger.customers.snapshot("ada").customer.contact_points == (second, first)


def test_a_profile_that_says_nothing_new_is_a_duplicate(ledger):
    report = CustomerReport(
        "ada", {"b": 1, "a": None}, "UTC", None, (ContactPoint("m", "email"),), (Suppression("fraud", NOON),)
    )
    assert send(ledger, report) == IngestResult(1, 0)
    assert send(ledger, replace(report, attributes={"a": None, "b": 1})) == IngestResult(0, 1)
    assert ledger.customers.snapshot("ada").version == 1
    assert len(ledger.customers.snapshot("ada").customer.suppressions) == 1


def test_a_profile_reported_again_is_fresh_again_and_no_news(ledger, clock):
    report = CustomerReport("ada", {"age": 36})
    send(ledger, report)
    later = clock.advance(days=3)
    assert send(ledger, report) == IngestResult(0, 1)
    assert ledger.customers.snapshot("ada").customer.reported_at == later
    assert ledger.customers.snapshot("ada").version == 1


def test_facts_other_than_the_profile_do_not_make_it_fresh(ledger):
    for report in (GRANT, CLICK, CALL, BOUGHT):
        send(ledger, report)
    assert ledger.customers.snapshot("ada").customer.reported_at is None


def test_a_contact_point_named_twice_may_be_in_the_zones_of_both(ledger):
    points = (ContactPoint("p", "call", ("UTC",)), ContactPoint("p", "call", ("Asia/Tokyo", "UTC")))
    send(ledger, CustomerReport("ada", contact_points=points))
    assert ledger.customers.snapshot("ada").customer.contact_points == (
        ContactPoint("p", "call", ("UTC", "Asia/Tokyo")),
    )


def test_a_zone_that_a_contact_point_gains_is_news(ledger):
    send(ledger, CustomerReport("ada", contact_points=(ContactPoint("p", "call"),)))
    assert send(ledger, CustomerReport("ada", contact_points=(ContactPoint("p", "call", ("UTC",)),))).accepted == 1
    assert ledger.customers.snapshot("ada").version == 2


@pytest.mark.parametrize(
    ("named", "action_id"),
    [
        pytest.param({"contact_id": "sent-1"}, "spring_sale", id="the executor's id of a contact"),
        pytest.param({"contact_id": "slot-d1"}, "spring_sale", id="the id of a slot"),
        pytest.param({"decision_id": "d1"}, "spring_sale", id="a decision"),
        pytest.param({"contact_id": "gone", "decision_id": "gone"}, None, id="what is not on record"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_an_outcome_is_known_with_the_action_that_it_names_by(named, action_id, ledger):
    wait(ledger.decisions.commit(act("d1")))
    send(ledger, ContactReport("sent-1", "ada", NOON, decision_id="d1"))
    send(ledger, OutcomeReport("o1", "ada", "purchase", NOON, **named))
    assert ledger.customers.snapshot("ada").customer.outcomes == (OutcomeEvent("purchase", NOON, action_id),)


def test_histories_are_oldest_first_and_equal_times_in_order_of_their_ids(ledger):
    ids = ["b", "a", "d", "c"]
    wait(ledger.facts.record_signals([SignalReport(one, "ada", NOON, f"type {one}") for one in ids]))
    send(ledger, SignalReport("0", "ada", NOON + HOUR, "last"))
    send(ledger, SignalReport("z", "ada", NOON - HOUR, "first"))
    types = [one.type for one in ledger.customers.snapshot("ada").customer.signals]
    assert types == ["first", "type a", "type b", "type c", "type d", "last"]


def test_history_reaches_back_92_days_or_as_far_as_asked(ledger, clock):
    old, edge = NOON - timedelta(days=93), NOON - timedelta(days=92)
    for at in (old, edge):
        send(ledger, replace(CLICK, signal_id=str(at), at=at))
        send(ledger, replace(CALL, contact_id=str(at), at=at))
    known = ledger.customers.snapshot("ada").customer
    assert [one.at for one in known.signals] == [one.at for one in known.contacts] == [edge]
    assert [one.at for one in ledger.customers.snapshot("ada", since=old).customer.contacts] == [old, edge]
    clock.advance(microseconds=1)
    assert ledger.customers.snapshot("ada").customer.contacts == ()
    assert [one.at for one in ledger.customers.snapshot("ada").customer.signals] == [edge]


def test_of_signals_before_that_the_last_of_each_type_is_known(ledger):
    ago = {"ticket 1": 500, "ticket 2": 400, "view 1": 300, "view 2": 5, "chat": 100}
    for name, days in ago.items():
        send(ledger, SignalReport(name, "ada", NOON - timedelta(days=days), name.split()[0], certainty=0.5, value=days))
    send(ledger, SignalReport("late", "ada", NOON - timedelta(days=450), "ticket"))
    send(ledger, SignalReport("another's", "bob", NOON - timedelta(days=100), "ticket"))
    known = [
        (one.type, (NOON - one.at).days, one.certainty, one.value)
        for one in ledger.customers.snapshot("ada").customer.signals
    ]
    assert known == [("ticket", 400, 0.5, 400.0), ("chat", 100, 0.5, 100.0), ("view", 5, 0.5, 5.0)]


def test_the_last_of_a_type_is_known_however_many_others_came_after_it(ledger):
    send(ledger, SignalReport("s", "ada", NOON - timedelta(days=2), "ticket"))
    many = [SignalReport(f"{n:05}", "ada", NOON - timedelta(seconds=n), "view") for n in range(SIGNALS_MAX)]
    wait(ledger.facts.record_signals(many))
    signals = ledger.customers.snapshot("ada").customer.signals
    assert (signals.type[0], len(signals)) == ("ticket", SIGNALS_MAX + 1)


def test_the_last_signal_of_each_type_moves_with_who_is_merged(ledger):
    for who, days in (("ada", 300), ("bob", 200)):
        send(ledger, SignalReport(f"of {who}", who, NOON - timedelta(days=days), "ticket"))
    wait(ledger.customers.merge("ada", "bob"))
    assert [(NOON - one.at).days for one in ledger.customers.snapshot("bob").customer.signals] == [200]


def test_of_outcomes_before_that_the_last_of_each_type_is_known(ledger):
    ago = {"ticket": 400, "purchase 1": 300, "purchase 2": 200, "purchase 3": 5}
    for name, days in ago.items():
        send(ledger, OutcomeReport(name, "ada", name.split()[0], NOON - timedelta(days=days)))
    send(ledger, OutcomeReport("another's", "bob", "ticket", NOON - timedelta(days=100)))
    known = [
        (one.type, (NOON - one.at).days, one.action_id) for one in ledger.customers.snapshot("ada").customer.outcomes
    ]
    assert known == [("ticket", 400, None), ("purchase", 200, None), ("purchase", 5, None)]


def test_of_very_many_signals_the_latest_are_known(ledger):
    start = NOON - timedelta(days=1)
    many = [SignalReport(f"{n:05}", "ada", start + timedelta(seconds=n), "view") for n in range(SIGNALS_MAX + 5)]
    wait(ledger.facts.record_signals(many))
    signals = ledger.customers.snapshot("ada").customer.signals
    assert len(signals) == SIGNALS_MAX
    assert [one.at for one in signals] == [one.at for one in many[5:]]


def test_a_contact_in_the_future_is_known(ledger):
    send(ledger, replace(CALL, at=NOON + timedelta(days=3)))
    assert len(ledger.customers.snapshot("ada").customer.contacts) == 1


def test_the_message_class_of_a_contact_survives(ledger):
    send(ledger, replace(CALL, message_class=MessageClass.SERVICE))
    assert ledger.customers.snapshot("ada").customer.contacts[0].message_class is MessageClass.SERVICE


def test_a_contact_by_another_tool_must_say_what_was_sent(ledger):
    with pytest.raises(InvalidInput, match="a contact by another tool is incomplete in `purpose`; say what was sent"):
        send(ledger, replace(CALL, purpose=None))


class TestSlots:
    @pytest.fixture
    def decided(self, ledger):
        wait(ledger.decisions.commit(act("d1")))
        return ledger

    def made(self, **changes):
        return replace(ContactReport("sent-1", "ada", NOON + HOUR, decision_id="d1"), **changes)

    def slot(self, ledger):
        (contact,) = ledger.customers.snapshot("ada").customer.contacts
        return contact

    def test_an_act_reserves_a_slot_at_the_moment_of_its_commit(self, decided):
        assert self.slot(decided) == replace(MAIL, state=ContactState.RESERVED)

    def test_execution_turns_the_slot_into_a_contact(self, decided):
        assert send(decided, self.made()) == IngestResult(1, 0)
        assert self.slot(decided) == replace(MAIL, at=NOON + HOUR, state=ContactState.EXECUTED)
        assert decided.decisions.get("d1").contact_state is ContactState.EXECUTED

    @pytest.mark.parametrize("status", ["failed", "released"])
    def test_failure_frees_the_slot(self, decided, status):
        assert send(decided, self.made(status=status)) == IngestResult(1, 0)
        assert not self.slot(decided).counts

    def test_executing_twice_is_a_duplicate_under_any_id(self, decided):
        send(decided, self.made())
        assert send(decided, self.made()) == IngestResult(0, 1)
        assert send(decided, self.made(contact_id="sent-2", at=NOON + 2 * HOUR)) == IngestResult(0, 1)
        assert self.slot(decided).at == NOON + HOUR

    def test_an_executor_whose_clock_is_behind_does_not_shorten_the_window(self, decided):
        send(decided, self.made(at=NOON - HOUR))
        assert self.slot(decided).at == NOON

    def test_what_was_sent_cannot_be_taken_back(self, decided):
        send(decided, self.made())
        with pytest.raises(Conflict, match="the contact was reported as made in `status`: `failed`"):
            send(decided, self.made(contact_id="sent-2", status="failed"))

    def test_a_slot_that_was_freed_counts_again_if_the_message_went_out_after_all(self, decided):
        send(decided, self.made(status="failed"))
        assert send(decided, self.made(contact_id="sent-2")) == IngestResult(1, 0)
        assert self.slot(decided).counts

    def test_a_decision_without_a_slot_cannot_be_executed(self, decided):
        wait(decided.decisions.commit(hold("d2", seen_version=1)))
        with pytest.raises(InvalidInput, match="the decision took no contact slot in `decision_id`: `d2`; leave"):
            send(decided, self.made(decision_id="d2"))

    def test_a_slot_is_settled_for_its_own_customer(self, decided):
        with pytest.raises(InvalidInput, match="the decision is about another customer in `customer_id`"):
            send(decided, self.made(customer_id="bob"))

    def test_one_report_cannot_settle_two_decisions(self, decided):
        wait(decided.decisions.commit(act("d2", seen_version=1)))
        send(decided, self.made())
        with pytest.raises(Conflict, match="`contact_id` `sent-1` was recorded before with another `decision_id`"):
            send(decided, self.made(decision_id="d2"))

    def test_a_contact_by_another_tool_cannot_reuse_the_id_of_an_execution(self, decided):
        send(decided, self.made())
        with pytest.raises(Conflict, match="`contact_id` `sent-1` was recorded before with another `decision_id`"):
            send(decided, replace(CALL, contact_id="sent-1"))


class TestObjections:
    @pytest.mark.parametrize("kind", ["opt_out", "unsubscribe"])
    def test_an_objection_withdraws_the_channel_and_purpose_of_its_contact(self, ledger, kind):
        send(ledger, CALL)
        send(ledger, OutcomeReport("o1", "ada", kind, NOON, contact_id="call"))
        assert consents(ledger) == [("call", "offers", "withdrawn")]

    def test_an_objection_may_name_the_decision_or_the_executors_own_id(self, ledger):
        wait(ledger.decisions.commit(act("d1")))
        send(ledger, ContactReport("sent-1", "ada", NOON, decision_id="d1"))
        send(ledger, OutcomeReport("o1", "ada", "opt_out", NOON, decision_id="d1"))
        send(ledger, OutcomeReport("o2", "ada", "opt_out", NOON, contact_id="sent-1"))
        assert consents(ledger) == [("email", "offers", "withdrawn")] * 2

    def test_an_objection_that_names_nothing_known_withdraws_marketing_everywhere(self, ledger):
        send(ledger, OutcomeReport("o1", "ada", "unsubscribe", NOON, decision_id="gone"))
        assert consents(ledger) == [("*", "marketing", "withdrawn")]

    def test_a_complaint_withdraws_everything(self, ledger):
        send(ledger, CALL)
        send(ledger, OutcomeReport("o1", "ada", "complaint", NOON, contact_id="call"))
        assert consents(ledger) == [("*", "*", "withdrawn")]

    def test_any_other_outcome_leaves_consent_alone(self, ledger):
        send(ledger, BOUGHT)
        assert consents(ledger) == []

    def test_the_withdrawal_says_what_it_followed_from(self, ledger):
        send(ledger, OutcomeReport("o1", "ada", "complaint", NOON))
        (consent,) = ledger.customers.snapshot("ada").customer.consents
        assert (consent.basis, consent.recorded_at) == ("complaint", NOON)

    @pytest.mark.parametrize("named", [{"contact_id": "call"}, {"decision_id": "d1"}], ids=["contact", "decision"])
    def test_an_outcome_cannot_name_another_customers_record(self, ledger, named):
        send(ledger, CALL)
        wait(ledger.decisions.commit(act("d1", seen_version=1)))
        with pytest.raises(InvalidInput, match=r"another customer's record in `(contact|decision)_id`"):
            send(ledger, OutcomeReport("o1", "bob", "complaint", NOON, **named))
        assert not ledger.customers.snapshot("bob").exists


def test_a_timeline_tells_everything_newest_first_and_the_latest_where_there_is_much(ledger, clock):
    for report in (CustomerReport("ada", suppressions=(Suppression("fraud", NOON - 3 * HOUR),)), GRANT, CLICK, CALL):
        send(ledger, report)
    wait(ledger.decisions.commit(act("d1", seen_version=4)))
    clock.advance(hours=1)
    send(ledger, replace(BOUGHT, at=clock.now, decision_id="d1"))
    timeline = ledger.customers.timeline("ada")
    assert [one.kind for one in timeline.entries] == [
        "outcome",
        "decision",
        "contact",
        "signal",
        "contact",
        "consent",
        "suppression",
    ]
    assert timeline.snapshot == ledger.customers.snapshot("ada")
    assert timeline.entries[0].content == {
        "type": "purchase",
        "decision_id": "d1",
        "contact_id": None,
        "value": 19.9,
    }
    assert ledger.customers.timeline("ada", limit=2).entries == timeline.entries[:2]


def test_a_timeline_of_a_stranger_is_not_found(ledger):
    with pytest.raises(NotFound, match="no such customer in `customer_id`: `ada`"):
        ledger.customers.timeline("ada")


def test_a_stranger_who_was_decided_about_has_a_timeline(ledger):
    wait(ledger.decisions.commit(hold("d1")))
    assert [one.kind for one in ledger.customers.timeline("ada").entries] == ["decision"]


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
years = st.timedeltas(timedelta(days=-365 * 2000), timedelta(days=365 * 7000))
aware = st.builds(lambda since, zone: (NOON + since).astimezone(zone), years, zones)


@given(st.lists(aware, min_size=1))
def test_moments_survive_storage_to_the_microsecond(times):
    stored = [to_micros(one) for one in times]
    assert [from_micros(one) for one in stored] == from_micros_many(stored) == times
    assert all(one.tzinfo is UTC for one in from_micros_many(stored))


@given(aware, aware)
def test_stored_moments_are_in_order_of_time(one, other):
    assert (to_micros(one) < to_micros(other)) == (one < other)


numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(words, aware, st.none() | words, st.floats(1e-300, 1.0), st.none() | numbers), max_size=8))
def test_signals_come_back_to_the_last_bit(rows):
    with TemporaryDirectory() as folder, new_ledger(Path(folder), Clock()) as ledger:
        sent = [SignalReport(f"{n}", "ada", at, kind, *rest) for n, (kind, at, *rest) in enumerate(rows)]
        wait(ledger.facts.record_signals(sent))
        earliest = min((one.at for one in sent), default=NOON)
        found = ledger.customers.snapshot("ada", since=earliest).customer.signals
    in_order = sorted(sent, key=lambda one: (one.at, one.signal_id))
    expected = [Signal(one.type, one.at, one.channel, one.certainty, one.value) for one in in_order]
    assert [repr(one.value) for one in found] == [repr(one.value) for one in expected]
    assert list(found) == expected
