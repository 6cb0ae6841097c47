import math

import pytest

from heed.decisioning.verdict import Effect
from heed.guardrails.conditions.cel import CelType, ConditionLanguage, InvalidCondition, Undecidable, coerce
from heed.guardrails.policy_errors import InvalidPolicy
from tests.support.guardrail_builders import action, facts, guard, policy, rule, verdict_of

TYPES = {"age": "number", "vip": "boolean", "plan": "text"}


def verdict_on(attributes, about=None, context=None, **condition):
    asked = about or action()
    one = guard(rule("condition", "fit", **condition), actions=(asked,), types=TYPES,
                context={"context.page": "string", "customer.tenure": "int"})  # fmt: skip
    return verdict_of(one, facts(attributes=attributes, context=context), asked, "fit")


@pytest.mark.parametrize(
    ("field", "when_true", "when_false"),
    [
        ("allow_when", Effect.ALLOW, Effect.SUPPRESS),
        ("suppress_when", Effect.SUPPRESS, Effect.ALLOW),
        ("review_when", Effect.REVIEW, Effect.ALLOW),
    ],
)
def test_a_condition_rule_says_what_its_field_says(field, when_true, when_false):
    condition = {field: "customer.age >= 18.0"}
    assert verdict_on({"age": 18}, **condition).effect is when_true
    assert verdict_on({"age": 17.9}, **condition).effect is when_false


@pytest.mark.parametrize("field", ["allow_when", "suppress_when", "review_when"])
@pytest.mark.parametrize("age", [None, "old", True, math.nan], ids=["none", "text", "boolean", "not a number"])
def test_a_condition_rule_suppresses_without_the_fact_it_needs(field, age):
    verdict = verdict_on({"age": age}, **{field: "customer.age >= 18.0"})
    assert verdict.effect is Effect.SUPPRESS
    assert verdict.reason == "`customer.age >= 18.0` cannot be decided: `customer.age` is not known."


def test_what_an_or_does_not_need_may_be_missing():
    assert verdict_on({"vip": True}, allow_when="customer.age > 60.0 || customer.vip").effect is Effect.ALLOW
    assert verdict_on({"vip": False}, allow_when="customer.age > 60.0 || customer.vip").effect is Effect.SUPPRESS


def test_the_reason_gives_the_condition_and_the_rule_s_purpose_but_no_value():
    verdict = verdict_on({"plan": "secret-plan"}, allow_when='customer.plan == "basic"')
    assert verdict.reason == '`customer.plan == "basic"` does not hold: Because.'


def test_a_value_that_cannot_be_computed_suppresses_and_stays_private():
    verdict = verdict_on({"plan": "secret-plan"}, suppress_when="int(customer.plan) > 3")
    assert verdict.effect is Effect.SUPPRESS
    assert "cannot be computed for this customer" in verdict.reason
    assert "secret-plan" not in verdict.reason


def test_text_that_no_encoding_can_hold_fails_closed():
    verdict = verdict_on({"plan": "\ud800"}, suppress_when='customer.plan == "basic"')
    assert verdict.effect is Effect.SUPPRESS


@pytest.mark.parametrize(
    "condition",
    [
        'action.channel == "email"', 'action.id == "email_a"', 'action.message_class == "marketing"',
        "action.value == 10.0", "action.cost == 0.0", "action.discount == 0.2", 'action.tone == "warm"',
        'customer.jurisdiction == "DE"', 'context.page == "home"', "customer.tenure == 30",
    ],
)  # fmt: skip
def test_a_condition_sees(condition):
    about = action(attributes={"discount": 0.2, "tone": "warm"})
    one = guard(rule("condition", "fit", allow_when=condition), actions=(about,), types=TYPES,
                context={"context.page": "string", "customer.tenure": "int"})  # fmt: skip
    known = facts(attributes={"tenure": 30.0}, context={"page": "home"}, jurisdiction="DE")
    assert verdict_of(one, known, about, "fit").effect is Effect.ALLOW


def test_a_condition_on_the_action_is_judged_for_each():
    cheap, dear = action("cheap", value=1.0), action("dear", value=99.0)
    one = guard(rule("condition", "fit", review_when="action.value > 50.0"), actions=(cheap, dear))
    assert verdict_of(one, facts(), cheap, "fit").effect is Effect.ALLOW
    assert verdict_of(one, facts(), dear, "fit").effect is Effect.REVIEW
    both = one.verdicts(facts(), [cheap, dear])
    assert [verdicts[0].effect for verdicts in both] == [Effect.ALLOW, Effect.REVIEW]


class TestEligibility:
    adults = action("adults", eligibility="customer.age >= 18.0")
    rules = (rule("eligibility"),)

    def verdict(self, about, **fields):
        one = guard(rule("eligibility", **fields), actions=(self.adults, action()), types=TYPES)
        return lambda **attributes: verdict_of(one, facts(attributes=attributes), about, "eligibility")

    def test_asks_the_action_s_own_condition(self):
        verdict = self.verdict(self.adults)
        assert verdict(age=18).effect is Effect.ALLOW
        assert verdict(age=17).effect is Effect.SUPPRESS
        assert verdict(age=17).reason == "Not eligible: `customer.age >= 18.0` does not hold."

    def test_suppresses_where_the_fact_is_missing_even_if_it_would_only_review(self):
        verdict = self.verdict(self.adults, effect="review")
        assert verdict(age=17).effect is Effect.REVIEW
        assert verdict().effect is Effect.SUPPRESS

    def test_lets_pass_what_the_catalogue_offers_to_everybody(self):
        assert self.verdict(action())().effect is Effect.ALLOW

    def test_suppresses_an_action_whose_condition_was_never_checked(self):
        stranger = action("stranger", eligibility="customer.age >= 65.0")
        verdict = self.verdict(stranger)(age=70)
        assert verdict.effect is Effect.SUPPRESS
        assert "was not checked with this catalogue" in verdict.reason

    def test_is_not_forgotten_by_a_policy_without_such_a_rule(self):
        one = guard(rule("suppression"), actions=(self.adults,), types=TYPES)
        (verdicts,) = one.verdicts(facts(attributes={"age": 40}), [self.adults])
        assert "heed-no-eligibility-rule" in [verdict.rule for verdict in verdicts]

    def test_a_condition_of_the_catalogue_that_does_not_read_is_refused_with_a_caret(self):
        with pytest.raises(
            InvalidPolicy, match=r"`actions\.broken\.eligibility`; did you mean `customer\.age`"
        ) as caught:
            guard(*self.rules, actions=(action("broken", eligibility="customer.agee > 1.0"),), types=TYPES)
        assert str(caught.value).endswith("\n    customer.agee > 1.0\n    ^")


@pytest.mark.parametrize(
    ("text", "message", "caret"),
    [
        ("customer.agee > 1.0", "unknown name `customer.agee`", 0),
        ("customer.vip && custmer.age > 1.0", "unknown name `custmer.age`", 16),
        ("customer.age > 1", "`>` does not go with a decimal number and a whole number", 13),
        ("customer.age >", "condition is incomplete", 14),
        ("customer.vip &&\n  customer.agee > 1.0", "unknown name `customer.agee`", 2),
    ],
)
def test_what_is_no_condition_is_shown_with_a_caret(text, message, caret):
    language = ConditionLanguage({"customer.age": CelType.FLOAT, "customer.vip": CelType.BOOL})
    with pytest.raises(InvalidCondition, match=message) as caught:
        language.condition(text)
    assert caught.value.detail.splitlines()[-1] == " " * (4 + caret) + "^"


def test_a_number_is_no_condition():
    with pytest.raises(InvalidCondition, match="condition is of type double"):
        ConditionLanguage({"customer.age": CelType.FLOAT}).condition("customer.age")


def test_a_condition_may_not_be_endless():
    with pytest.raises(InvalidCondition, match="too long"):
        ConditionLanguage({}).condition("true || " * 1000 + "true")


def test_an_undecided_condition_names_the_missing_variable():
    condition = ConditionLanguage({"customer.age": CelType.INT}).condition("customer.age > 1")
    with pytest.raises(Undecidable, match=r"`customer\.age` is not known"):
        condition.holds({})


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (3, CelType.INT, 3), (3.0, CelType.INT, 3), (3.5, CelType.INT, None), (True, CelType.INT, None),
        (math.inf, CelType.INT, None), (3, CelType.FLOAT, 3.0), (math.nan, CelType.FLOAT, None),
        ("3", CelType.FLOAT, None), (False, CelType.FLOAT, None), (True, CelType.BOOL, True), (1, CelType.BOOL, None),
        ("x", CelType.STRING, "x"), (1, CelType.STRING, None), (None, CelType.STRING, None),
    ],
)  # fmt: skip
def test_values_are_fitted_to_the_declared_type_or_are_unknown(value, kind, expected):
    result = coerce(value, kind)
    assert result == expected
    assert type(result) is type(expected)


def test_the_policy_s_own_declaration_wins_over_the_data_s():
    one = guard(rule("condition", "fit", allow_when="customer.age >= 18"), context={"customer.age": "int"}, types=TYPES)
    assert verdict_of(one, facts(attributes={"age": 18.0}), action(), "fit").effect is Effect.ALLOW


def test_attributes_that_no_condition_could_name_are_left_out():
    one = guard(rule("condition", "fit", allow_when="customer.vip"), types={**TYPES, "post code": "text", "in": "text"})
    assert verdict_of(one, facts(attributes={"vip": True}), action(), "fit").effect is Effect.ALLOW


def test_a_condition_is_checked_when_the_policy_loads():
    with pytest.raises(InvalidPolicy, match=r"policy: unknown name `customer\.agee` in rule `fit`, field `allow_when`"):
        guard(*policy(rule("condition", "fit", allow_when="customer.agee > 1.0"))["rules"], types=TYPES)
