"""Objection, identity, completeness and the rules that ask a person: verdicts on who the customer is."""

import pytest

from heed.decisioning.customer import Objection
from heed.decisioning.verdict import Effect
from heed.guardrails.policy_errors import InvalidPolicy
from tests.support.guardrail_builders import DAY, NOW, action, facts, guard, rule, verdict_of

SURVEY = action("survey", category="survey", message_class="service")
CARE = {"attributes": ["vulnerable", "in_arrears"]}
TYPES = {"vulnerable": "bool", "in_arrears": "bool", "age": "float", "name": "text"}


def verdict_on(kind, fields, about=None, **customer):
    asked = about or action()
    one = guard(rule(kind, "knowing", **fields), actions=(asked,), types=TYPES)
    return verdict_of(one, facts(**customer), asked, "knowing")


@pytest.mark.parametrize("point", [None, "mail-1", "another"])
def test_any_objection_stops_what_the_policy_lists(point):
    listed = (Objection(NOW + DAY, point), Objection(NOW - DAY, point))
    verdict = verdict_on("objection", {"scope": {"categories": ["survey"]}}, SURVEY, objections=listed)
    assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, None)
    assert "objected to marketing on 2026-03-03" in verdict.reason
    assert verdict_on("objection", {}, SURVEY).effect is Effect.ALLOW


@pytest.mark.parametrize(
    ("identity", "effect"),
    [(None, Effect.SUPPRESS), (0.89, Effect.REVIEW), (0.9, Effect.ALLOW), (1.0, Effect.ALLOW),
     (float("nan"), Effect.REVIEW)],
)  # fmt: skip
def test_identity_must_be_certain_and_unknown_suppresses_whatever_the_effect(identity, effect):
    assert verdict_on("identity", {"at_least": 0.9, "effect": "review"}, identity=identity).effect is effect


class TestCompleteness:
    @pytest.mark.parametrize(
        ("needed", "customer", "known"),
        [
            ("time_zone", {}, True), ("time_zone", {"time_zone": None}, False),
            ("time_zone", {"time_zone": "Mars/Base"}, False),
            ("jurisdiction", {"jurisdiction": "DE"}, True), ("jurisdiction", {}, False),
            ("contact_point", {}, True), ("contact_point", {"contact_points": ()}, False),
            ("age", {"attributes": {"age": 0}}, True), ("age", {}, False),
            ("age", {"attributes": {"age": None}}, False), ("age", {"attributes": {"age": float("nan")}}, False),
            ("name", {"attributes": {"name": ""}}, False),
        ],
    )  # fmt: skip
    def test_what_is_needed_must_be_known(self, needed, customer, known):
        verdict = verdict_on("completeness", {"needs": [needed], "effect": "review"}, **customer)
        assert verdict.effect is (Effect.ALLOW if known else Effect.REVIEW)
        assert known or verdict.reason == f"Not known of the customer: `{needed}`."

    @pytest.mark.parametrize(
        ("reported", "effect"),
        [(None, Effect.SUPPRESS), (NOW, Effect.ALLOW), (NOW - 29 * DAY, Effect.ALLOW),
         (NOW - 30 * DAY, Effect.SUPPRESS),
         (NOW + DAY, Effect.ALLOW), (NOW + 30 * DAY, Effect.SUPPRESS)],
    )  # fmt: skip
    def test_the_profile_must_be_fresh(self, reported, effect):
        assert verdict_on("completeness", {"reported_within": "30d"}, reported_at=reported).effect is effect

    def test_a_contact_point_must_be_of_the_action_s_channel(self):
        mail, text = action(), action("text", "sms")
        one = guard(rule("completeness", "known", needs=["contact_point"]), actions=(mail, text))
        assert [verdict_of(one, facts(), each, "known").effect for each in (mail, text)] == [
            Effect.ALLOW,
            Effect.SUPPRESS,
        ]

    def test_a_freshness_of_years_is_no_window_over_history(self):
        assert (
            verdict_on("completeness", {"reported_within": "730d"}, reported_at=NOW - 729 * DAY).effect is Effect.ALLOW
        )


class TestHumanReview:
    @pytest.mark.parametrize(
        ("attributes", "effect"),
        [
            pytest.param({"vulnerable": False, "in_arrears": False}, Effect.ALLOW, id="none holds"),
            pytest.param({"vulnerable": 0.0, "in_arrears": False}, Effect.ALLOW, id="zero is false"),
            pytest.param({"vulnerable": False, "in_arrears": True}, Effect.REVIEW, id="one holds"),
            pytest.param({"vulnerable": True}, Effect.REVIEW, id="one holds and one is missing"),
            pytest.param({"vulnerable": "no", "in_arrears": False}, Effect.REVIEW, id="text is not read"),
            pytest.param({"vulnerable": None, "in_arrears": False}, Effect.REVIEW, id="one is not known"),
            pytest.param({}, Effect.REVIEW, id="nothing is known"),
        ],
    )
    def test_of_customers_where(self, attributes, effect):
        assert verdict_on("human_review", CARE, attributes=attributes).effect is effect

    @pytest.mark.parametrize(
        ("attributes", "effect"),
        [({}, Effect.ALLOW), ({"vulnerable": True}, Effect.REVIEW), ({"vulnerable": "yes"}, Effect.REVIEW)],
    )  # fmt: skip
    def test_a_policy_can_let_the_unknown_pass_and_no_more(self, attributes, effect):
        assert verdict_on("human_review", {**CARE, "unknown": "allow"}, attributes=attributes).effect is effect

    def test_without_attributes_takes_all_in_its_scope(self):
        one = guard(rule("human_review", "credit", scope={"actions": ["email_a"]}), actions=(action(), SURVEY))
        first, second = one.verdicts(facts(), [action(), SURVEY])
        assert [verdict.rule for verdict in second] == ["heed-no-consent-rule"]
        assert first[0].effect is Effect.REVIEW
        assert first[0].reason == "A person decides: Because."


@pytest.mark.parametrize(
    ("fields", "place", "remedy"),
    [
        ({"kind": "human_review", "attributes": ["vulnerabel"]}, "attributes[0]", "did you mean `vulnerable`?"),
        ({"kind": "completeness", "needs": ["time_zone", "shoe_size"]}, "needs[1]", "as in `customer.shoe_size: bool`"),
    ],
)
def test_a_misspelt_attribute_is_refused_at_load(fields, place, remedy):
    with pytest.raises(InvalidPolicy, match="unknown attribute in rule `typo`") as caught:
        guard({**rule("any", "typo"), **fields}, types=TYPES)
    (fault,) = caught.value.faults
    assert (fault.field, remedy in str(fault)) == (place, True)
