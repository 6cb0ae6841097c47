"""What a change of policy would have done to recorded decisions, and what the record does not support."""

import zlib
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from heed.guardrails.policy.load import parse_policy
from heed.guardrails.policy_errors import InvalidPolicy
from heed.serving.ledger.decisions.read import DecisionReceipt
from heed.serving.replay.policy_diff import LEAVES_OUT, Shift, compare_records, diff
from heed.serving.replay.receipt import unpack
from tests.support.in_process_service import POLICY, running_service

NO_MAIL = POLICY.replace("limit: 2", "limit: 0")
ASKS_MORE = POLICY.replace("act_at_least: 0.7", "act_at_least: 0.999999")
LIMITED = POLICY + "  - {id: daily, purpose: Enough., owner: crm, kind: volume_limit, contacts: 5, window: 1d}\n"
COOLED = POLICY + "  - {id: rest, purpose: Rest., owner: crm, kind: cool_down, after: [complaint], window: 30d}\n"


@pytest.fixture
def heed(tmp_path):
    with running_service(tmp_path) as started:
        for number, tier in enumerate(["gold", "gold", "plain"]):
            started.know(f"c{number}", channels=("email", "sms"), attributes={"tier": tier})
        yield started


def decided(heed, **more):
    return [heed.decide(f"c{number}", candidates=["mail", "text"], **more) for number in range(3)]


def of(heed, new, old=POLICY, **more):
    since = heed.clock() - timedelta(days=30)
    return diff(heed.runtime.ledger.decisions, old, new, since, pinned=heed.runtime.deployment.current(), **more)


def reasons(found):
    return [(one.count, one.reason) for one in found.not_supported]


def test_the_same_policy_changes_nothing(heed):
    decided(heed)
    found = of(heed, POLICY)
    assert (found.recorded, found.compared, found.changed, found.changes) == (3, 3, 0, ())
    assert found.contacts == Shift(3, 3)
    assert found.expected_value.old == found.expected_value.new > 0
    assert found.leaves_out == LEAVES_OUT


def test_it_says_who_changes_to_what_at_which_rule(heed):
    ids = [one["decision_id"] for one in decided(heed)]
    found = of(heed, POLICY.replace("windows: [{from: 21:00, to: 07:00}]", "windows: [{from: 09:00, to: 20:00}]"))
    (change,) = found.changes
    assert (change.old, change.new, change.rule, change.count) == ("act mail", "hold", "quiet-hours", 3)
    assert set(change.examples) == set(ids)
    assert (found.contacts, found.holds, found.reviews) == (Shift(3, 0), Shift(0, 3), Shift(0, 0))
    assert found.expected_value.new == 0


def test_a_relaxed_rule_is_named_by_the_rule_that_bound_before(heed):
    for ago in (1, 2):
        heed.contacted("c0", ago=timedelta(days=ago))
    heed.decide("c0", candidates=["mail"])
    heed.decide("c1", candidates=["mail"])
    (change,) = of(heed, POLICY.replace("limit: 2", "limit: 3").replace("limit: 3", "limit: 4")).changes
    assert (change.old, change.new, change.rule, change.count) == ("hold", "act mail", "cap-email", 1)


def test_review_load_counts_and_is_no_contact(tmp_path):
    with running_service(tmp_path, propensities={"mail": 0.30, "text": 0.29, "banner": 0.05}, spread=0.1) as heed:
        heed.know("c0")
        assert heed.decide("c0")["disposition"] == "review"
        found = of(heed, POLICY.replace("act_at_least: 0.7", "act_at_least: 0.01"))
        assert (found.reviews, found.contacts) == (Shift(1, 0), Shift(0, 1))
        assert [(one.old, one.new, one.rule) for one in found.changes] == [
            ("review mail", "act mail", "minimum-confidence")
        ]


def test_figures_are_told_by_group(heed):
    decided(heed)
    groups = {
        one.value: one for one in of(heed, NO_MAIL.replace("- {id: cap-overall", "- {id: cap-all"), by="tier").groups
    }
    assert {value: (one.decisions, one.changed) for value, one in groups.items()} == {"gold": (2, 2), "plain": (1, 1)}
    assert [one.value for one in of(heed, POLICY, by="age").groups] == ["unknown"]
    assert [one.value for one in of(heed, POLICY, by="time_zone").groups] == ["Europe/London"]


def test_many_groups_end_in_others(heed):
    for number in range(25):
        heed.know(f"m{number}", attributes={"shop": f"s{number:02}"})
        heed.decide(f"m{number}", candidates=["mail"])
    groups = of(heed, POLICY, by="shop").groups
    assert (len(groups), groups[-1].value, groups[-1].decisions) == (20, "other", 6)


def test_older_decisions_than_asked_for_are_left_out_and_said_so(heed):
    decided(heed)
    assert of(heed, POLICY, limit=2).truncated
    heed.clock.advance(days=31)
    assert of(heed, POLICY).recorded == 0


def test_with_no_decision_at_all_nothing_is_estimated(heed):
    found = of(heed, NO_MAIL)
    assert (found.contacts, found.holds, found.reviews, found.expected_value) == (None, None, None, None)


class TestNotSupported:
    def test_decisions_of_another_model_or_catalogue(self, heed):
        decided(heed)
        in_force = heed.runtime.deployment.current()
        since = heed.clock() - timedelta(days=1)
        for changed, reason in (
            ({"model": replace(in_force.versions.model, digest="e" * 64)}, "another version of the model decided"),
            ({"catalogue": "other"}, "it was decided with another catalogue"),
        ):
            other = replace(in_force, versions=replace(in_force.versions, **changed))
            found = compare_records(heed.runtime.ledger.decisions.list_receipts(since, limit=9), other, other, since)
            assert reasons(found) == [(3, f"not supported by the log: {reason}")]
            assert (found.compared, found.contacts, found.expected_value) == (0, None, None)

    def test_acts_with_what_no_recorded_decision_led_to(self, heed):
        decided(heed)
        found = of(heed, NO_MAIL)
        (told,) = reasons(found)
        assert told[0] == 3
        assert "no recorded decision led to `text`" in told[1]
        assert found.expected_value is None
        assert found.contacts == Shift(3, 3)

    def test_what_people_did_with_reviews_counts_as_tried(self, heed):
        decided(heed)
        records = heed.runtime.ledger.decisions.list_receipts(heed.clock() - timedelta(days=1), limit=9)
        tried = (replace(records[0], contacted_action_id="text"), *records[1:])
        in_force = heed.runtime.deployment.current()
        other = in_force.under(parse_policy(NO_MAIL))
        assert compare_records(tried, in_force, other, heed.clock()).not_supported == ()

    def test_volumes_that_the_receipts_do_not_hold(self, heed):
        decided(heed)
        (told,) = reasons(of(heed, LIMITED))
        assert told == (3, "not supported by the log: the receipt does not hold the volumes that rule `daily` counts")

    def test_volumes_that_they_hold_are_used(self, tmp_path):
        with running_service(tmp_path, policy=LIMITED) as heed:
            heed.know("c0")
            heed.decide("c0")
            assert of(heed, LIMITED.replace("contacts: 5", "contacts: 0"), LIMITED).contacts == Shift(1, 0)
            longer = of(heed, LIMITED.replace("window: 1d}", "window: 2d}"), LIMITED)
            assert "volumes that rule `daily` counts" in reasons(longer)[0][1]

    def test_receipts_from_before_what_a_rule_looks_at(self, heed):
        decided(heed)
        older = [
            earlier(one)
            for one in heed.runtime.ledger.decisions.list_receipts(heed.clock() - timedelta(days=1), limit=9)
        ]
        in_force = heed.runtime.deployment.current()
        assert compare_records(older, in_force, in_force.under(parse_policy(ASKS_MORE)), heed.clock()).compared == 3
        found = compare_records(older, in_force, in_force.under(parse_policy(COOLED)), heed.clock())
        assert reasons(found) == [(3, "not supported by the log: the receipt is older than what rule `rest` looks at")]

    def test_facts_that_a_new_condition_needs_and_the_receipts_lack(self, heed):
        decided(heed)
        grown = "  - {id: grown, purpose: Grown., owner: crm, kind: condition, allow_when: 'customer.age >= 18.0'}\n"
        found = of(heed, POLICY + grown)
        assert reasons(found) == [
            (3, "not supported by the log: rule `grown` of the new policy needs a fact that the receipt does not hold")
        ]

    def test_what_does_not_come_out_as_it_was_recorded(self, heed):
        decided(heed)
        records = heed.runtime.ledger.decisions.list_receipts(heed.clock() - timedelta(days=1), limit=9)
        in_force = heed.runtime.deployment.current()
        tampered = [replace(records[0], action_id="text"), replace(records[1], receipt=b"no receipt"), records[2]]
        found = compare_records(tampered, in_force, in_force, heed.clock())
        assert sorted(reasons(found)) == [
            (1, "not supported by the log: not a receipt of a decision"),
            (1, "not supported by the log: the decision does not come out as it was recorded"),
        ]
        assert found.compared == 1


def earlier(record: DecisionReceipt) -> DecisionReceipt:
    """The same decision as heed recorded it before outcomes and volumes were facts."""
    kept = orjson.loads(zlib.decompress(record.receipt))
    for name in ("outcomes", "objections", "identity", "reported_at"):
        del kept["facts"]["customer"][name]
    del kept["facts"]["volumes"]
    packed = zlib.compress(orjson.dumps({**kept, "format": 1}))
    assert unpack(packed).facts.customer.outcomes == ()
    return replace(record, receipt=packed)


def test_a_ledger_is_compared_by_its_path_beside_the_service_that_writes_it(heed, tmp_path):
    decided(heed)
    done = []
    since = heed.clock() - timedelta(days=1)
    told = {"pinned": heed.runtime.deployment.current(), "progress": lambda *place: done.append(place)}
    found = diff(tmp_path / "ledger.db", POLICY, NO_MAIL, since, **told)
    assert (found.compared, found.changed) == (3, 3)
    assert done == [(1, 3), (2, 3), (3, 3)]


def test_a_text_that_is_no_policy_is_refused_by_which_of_the_two_it_is(heed):
    with pytest.raises(InvalidPolicy, match=r"^new policy"):
        of(heed, POLICY.replace("window: 7d", "window: soon"))


def test_over_http_it_compares_with_the_policy_in_force(heed):
    decided(heed)
    found = heed.post("/v1/policy/diff", {"policy": NO_MAIL, "by": "tier"})
    assert (found["changed"], found["contacts"]) == (3, {"old": 3, "new": 3})
    assert found["old"]["hash"] == heed.get("/v1/policy")["hash"] != found["new"]["hash"]
    swapped = heed.post("/v1/policy/diff", {"policy": POLICY, "old": NO_MAIL, "since": "2026-01-01T00:00:00Z"})
    assert swapped["new"]["hash"] == found["old"]["hash"]
    problem = heed.post("/v1/policy/diff", {"policy": "rules: nothing"}, 400)
    assert problem["type"] == "urn:heed:problem:invalid-policy"


def test_nothing_changes_by_comparing(heed):
    decided(heed)
    before = heed.get("/v1/customers/c0")
    of(heed, NO_MAIL)
    assert heed.get("/v1/customers/c0") == before
