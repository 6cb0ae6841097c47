"""A policy that demands a certificate: what counts, what does not, and what is said of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.catalogue import Catalogue
from heed.decisioning.certificate import Loss
from heed.decisioning.decide import Choice
from heed.decisioning.errors import PolicyError
from heed.decisioning.net_value_digest import net_value_digest
from heed.decisioning.value import ValueTerms
from heed.decisioning.verdict import Effect
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import parse_policy
from tests.support.certificates import CERTIFIED_AT, PLAIN, certificate
from tests.support.guardrail_builders import NOW, action, facts, guard, rule

OURS = net_value_digest(ValueTerms(), (action(),))
VALID = certificate(weighing=OURS)
DEMAND = {"loss": "harm", "alpha": 0.02, "delta": 0.1}


def look(carried, confidence=0.9, *, act_at_least=0.6, now=NOW, **demand):
    demanding = rule("confidence", act_at_least=act_at_least, certificate={**DEMAND, **demand})
    (verdict,) = guard(demanding).choice_verdicts(facts(now=now), Choice(action(), 0.1, 1.0, confidence, carried))
    return verdict


@pytest.mark.parametrize(
    ("carried", "why"),
    [
        (None, "The model carries no certificate."),
        (certificate(weighing=OURS, loss=Loss.REGRET), "The certificate is of regret, not of harm."),
        (certificate(weighing=OURS, valid_until=NOW), "The certificate expired on 2026-03-04 10:00 UTC."),
        (
            certificate(weighing=OURS, certified_at=NOW + timedelta(hours=1)),
            "The certificate does not count before 2026-03-04 11:00 UTC.",
        ),
        (
            certificate(weighing=OURS, alpha=0.03),
            "The certificate keeps harm at most 3 % with probability 0.9, and 2 % is asked for.",
        ),
        (
            certificate(weighing=OURS, delta=0.2),
            "The certificate keeps harm at most 2 % with probability 0.8, and probability 0.9 is asked for.",
        ),
        (PLAIN, "The certificate was made for other terms of value or another catalogue than those in force."),
    ],
    ids=["none", "of another loss", "expired", "not yet", "of a looser bound", "less certain", "of other net values"],
)
def test_without_a_valid_certificate_where_one_is_required_every_act_goes_to_review(carried, why):
    verdict = look(carried, 1.0)
    assert verdict.effect is Effect.REVIEW
    assert verdict.reason == f"A valid certificate of harm is required. {why}"
    wished = look(carried, 0.6, required=False)
    assert wished.effect is Effect.ALLOW
    assert wished.reason == f"Confidence 60.0% reaches the 60.0% asked for. {why}"


@pytest.mark.parametrize(
    ("confidence", "act_at_least", "effect", "reason"),
    [
        (
            0.8, 0.6, Effect.ALLOW,
            "Confidence 80.0% reaches the 80.0% certified to keep harm at most 2 % with probability 0.9.",
        ),
        (
            0.79, 0.6, Effect.REVIEW,
            "Confidence 79.0% is below the 80.0% certified to keep harm at most 2 % with probability 0.9.",
        ),
        (
            0.85, 0.9, Effect.REVIEW,
            "Confidence 85.0% is below the 90.0% asked for, which is stricter than what is certified.",
        ),
    ],
    ids=["the certified threshold is reached", "and missed", "and is less than the rule's own"],
)  # fmt: skip
@pytest.mark.parametrize("required", [True, False], ids=["required", "wished for"])
def test_the_larger_threshold_holds_and_is_named(confidence, act_at_least, effect, reason, required):
    verdict = look(VALID, confidence, act_at_least=act_at_least, required=required)
    assert (verdict.effect, verdict.reason) == (effect, reason)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_demanding_a_certificate_never_acts_more(confidence, threshold, act_at_least):
    carried = certificate(weighing=OURS, threshold=threshold)
    plain = guard(rule("confidence", act_at_least=act_at_least))
    (alone,) = plain.choice_verdicts(facts(), Choice(action(), 0.1, 1.0, confidence, carried))
    for required in (True, False):
        if alone.effect is Effect.REVIEW:
            assert look(carried, confidence, act_at_least=act_at_least, required=required).effect is Effect.REVIEW


def test_a_rule_without_a_demand_looks_at_no_certificate():
    plain = guard(rule("confidence", act_at_least=0.6))
    said = [plain.choice_verdicts(facts(), Choice(action(), 0.1, 1.0, 0.7, one)) for one in (None, VALID, PLAIN)]
    assert said[0] == said[1] == said[2]


def test_the_first_moment_of_a_certificate_counts_and_the_last_does_not():
    day = timedelta(days=90)
    moments = (CERTIFIED_AT, CERTIFIED_AT + day - timedelta(microseconds=1), CERTIFIED_AT + day)
    effects = [look(VALID, now=now).effect for now in moments]
    assert effects == [Effect.ALLOW, Effect.ALLOW, Effect.REVIEW]


POLICY = """version: 1
name: test
rules:
  - id: sure
    purpose: Be sure.
    owner: data-science
    kind: confidence
    act_at_least: 0.6
    certificate: {}
"""


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{alpha: 2.0, delta: 0.1}", r"policy\.yaml:9: `alpha` of harm is a probability between 0 and 1 .*`sure`"),
        ("{alpha: 0.0, delta: 0.1}", r"`alpha` of harm is a probability between 0 and 1"),
        ("{alpha: 0.02, delta: 0.0}", r"value is not above 0 in rule `sure`, field `certificate\.delta`"),
        ("{alpha: 0.02, delta: 1}", r"value is not below 1 in rule `sure`, field `certificate\.delta`"),
        ("{alpha: 0.02}", r"missing field .*`certificate\.delta`.*such as `delta: 0\.1`"),
        ("{alpha: 0.02, delta: 0.1, loss: harms}", r"unknown value .*`certificate\.loss`.*did you mean `harm`"),
        ("{alpha: 0.02, delta: 0.1, require: true}", r"unknown field .*`certificate\.require`.*`required`"),
    ],
    ids=["more than all", "no harm at all", "never wrong", "always wrong", "no delta", "no such loss", "a typo"],
)
def test_a_demand_that_does_not_read_is_refused_with_its_place(written, message):
    with pytest.raises(PolicyError, match=f"(?s){message}"):
        parse_policy(POLICY.replace("{}", written), source="policy.yaml")


def test_what_is_demanded_is_part_of_the_policys_identity():
    read = [
        parse_policy(POLICY.replace("{}", written)).policy.hash
        for written in (
            "{alpha: 0.02, delta: 0.1}",
            "{alpha: 0.02, delta: 0.1, required: true}",
            "{alpha: 0.02, delta: 0.1, required: false}",
        )
    ]
    assert read[0] == read[1] != read[2]


def test_regret_is_demanded_as_an_amount():
    text = POLICY.replace("{}", "{loss: regret, alpha: 1.5, delta: 0.05}")
    made = bind_policy(parse_policy(text), Catalogue("EUR", (action(),)))
    carried = certificate(weighing=OURS, loss=Loss.REGRET, alpha=1.0, delta=0.05, threshold=0.7)
    (verdict,) = made.choice_verdicts(facts(), Choice(action(), 0.1, 1.0, 0.7, carried))
    assert verdict.reason.endswith("certified to keep regret at most 1 per act with probability 0.95.")
