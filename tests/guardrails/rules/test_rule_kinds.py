"""What holds for every kind of rule: it fails closed, it can be observed, and more contacts never free a customer."""

from dataclasses import replace
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import Catalogue
from heed.decisioning.customer import OutcomeEvent, Signal, Signals, Volume
from heed.decisioning.decide import Choice
from heed.decisioning.verdict import Effect, combined_effect
from heed.guardrails.guard import load_guard
from heed.guardrails.policy.error_messages import rule_kinds
from heed.guardrails.policy.load import DEFAULT_POLICY
from tests.support.guardrail_builders import CONSENT_RULE, DAY, HOUR, NOW, action, contact, facts, guard, rule

UPSELL, WINBACK = action("up", category="upsell"), action("back", "sms", category="winback", eligibility="customer.ok")
ACTIONS = (UPSELL, WINBACK)
FIELDS = {
    "consent": {},
    "suppression": {},
    "objection": {},
    "quiet_hours": {"windows": [{"from": "21:00", "to": "07:00"}]},
    "frequency_cap": {"limit": 2, "window": "7d"},
    "cool_down": {"after_ignored": 2, "answered_by": ["open"], "window": "30d"},
    "open_case": {"opened_by": ["complaint"], "closed_by": ["resolved"]},
    "conflict_group": {"members": {"a": {"categories": ["upsell"]}, "b": {"categories": ["winback"]}}, "window": "30d"},
    "volume_limit": {"contacts": 5, "window": "24h"},
    "eligibility": {},
    "condition": {"allow_when": "customer.ok"},
    "identity": {"at_least": 0.9},
    "completeness": {"needs": ["time_zone"], "reported_within": "30d"},
    "human_review": {"attributes": ["ok"]},
    "fatigue": {"last": 2, "ignored_at_least": 1.0, "answered_by": ["open"]},
    "confidence": {"act_at_least": 0.6},
    "value_floor": {"net_value_at_least": 0.5},
    "harm_ceiling": {"at_most": 0.02},
    "audit_sample": {"share": 0.5, "seed": "a"},
}
LOOKS = ("confidence", "value_floor", "harm_ceiling", "audit_sample")
JUDGES = [kind for kind in FIELDS if kind not in LOOKS]


def guarded(*kinds, **further):
    rules = [rule(kind, kind.replace("_", "-"), **{**FIELDS[kind], **further}) for kind in kinds]
    return guard(*rules, actions=ACTIONS, types={"ok": "bool"})


def test_every_kind_is_looked_at_here():
    assert set(FIELDS) == set(rule_kinds())


def test_the_policy_of_examples_has_every_kind_and_says_of_every_rule_why():
    rules = load_guard(DEFAULT_POLICY.with_name("every-kind.yaml"), Catalogue("EUR", ())).policy.rules
    assert {one.kind for one in rules} == set(rule_kinds())
    assert [one.id for one in rules if len(one.purpose.split()) < 4] == []


def heard(kind, one, known=None):
    if kind in LOOKS:
        return one.choice_verdicts(known or facts(), Choice(UPSELL, 0.1, 1.0, 0.9, harm=0.01))
    (verdicts,) = one.verdicts(known or facts(), [UPSELL])
    return [verdict for verdict in verdicts if not verdict.rule.startswith("heed-")]


@pytest.mark.parametrize("kind", list(FIELDS))
def test_a_rule_that_raises_suppresses_and_is_only_recorded_while_observed(kind, monkeypatch):
    def fail(*_):
        raise RuntimeError("the customer's name is in here")

    function = "evaluate_choice" if kind in LOOKS else "evaluate"
    monkeypatch.setattr(import_module(f"heed.guardrails.rules.{kind}"), function, fail)
    (verdict,) = heard(kind, guarded(kind))
    assert (verdict.rule, verdict.effect) == (kind.replace("_", "-"), Effect.SUPPRESS)
    assert verdict.reason == "The rule failed (RuntimeError), and a rule that fails suppresses."
    (tried,) = heard(kind, guarded(kind, mode="observe"))
    assert (tried.effect, tried.reason.startswith("Observed, not applied; would have suppressed")) == (
        Effect.ALLOW,
        True,
    )


@pytest.mark.parametrize("kind", list(FIELDS))
def test_a_rule_out_of_its_dates_is_silent(kind):
    assert list(heard(kind, guarded(kind, valid_until="2026-01-01T00:00:00Z"))) == []


@pytest.mark.parametrize("kind", JUDGES)
def test_actions_judged_together_and_apart_get_the_same(kind):
    one, known = guarded(kind), replace(facts(contacts=(contact(DAY, category="winback"),)), volumes=())
    together = one.verdicts(known, ACTIONS)
    assert together == tuple(one.verdicts(known, [each])[0] for each in ACTIONS)


some_contacts = st.lists(
    st.builds(
        lambda hours, about: contact(hours * HOUR, about.channel, action_id=about.action_id, category=about.category),
        st.integers(-30, 1500),
        st.sampled_from(ACTIONS),
    ),
    max_size=5,
)
COUNTING = ("frequency_cap", "conflict_group", "cool_down", "fatigue")


def effects(kind, contacts, now=NOW):
    known = facts(now, contacts=tuple(contacts), outcomes=(OutcomeEvent("other", NOW),), attributes={"ok": True})
    return [verdicts[0].effect for verdicts in guarded(kind).verdicts(known, ACTIONS)]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(COUNTING), some_contacts, some_contacts)
def test_further_contacts_never_free(kind, contacts, further):
    before, after = effects(kind, contacts), effects(kind, [*contacts, *further])
    assert all(one is Effect.ALLOW or other is Effect.SUPPRESS for one, other in zip(before, after, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(COUNTING), some_contacts.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_the_order_in_which_contacts_are_told_does_not_matter(kind, orders):
    assert effects(kind, orders[0]) == effects(kind, orders[1])


MISSING = {
    "volume_limit": {"volumes": None},
    "identity": {"identity": None},
    "consent": {"consents": ()},
    "completeness": {"reported_at": None},
    "condition": {"attributes": {}},
}


@pytest.mark.parametrize("kind", list(MISSING))
def test_a_rule_that_lacks_its_fact_suppresses(kind):
    known = replace(facts(identity=1.0, reported_at=NOW, attributes={"ok": True}), volumes=())
    assert heard(kind, guarded(kind), known)[0].effect is Effect.ALLOW
    missing = MISSING[kind]
    less = replace(known, **missing) if kind == "volume_limit" else replace(
        known, customer=replace(known.customer, **missing))  # fmt: skip
    (verdict,) = heard(kind, guarded(kind), less)
    assert verdict.effect is Effect.SUPPRESS


def test_a_policy_of_all_kinds_allows_a_customer_who_has_nothing_against_him():
    kinds = [kind for kind in JUDGES if kind != "human_review"]
    one = guard(CONSENT_RULE, *[rule(kind, f"a-{kind.replace('_', '-')}", **FIELDS[kind]) for kind in kinds],
                actions=ACTIONS, types={"ok": "bool"})  # fmt: skip
    known = replace(
        facts(
            identity=1.0, reported_at=NOW, attributes={"ok": True}, jurisdiction="DE",
            contacts=(contact(20 * DAY, action_id="up", category="upsell"),),
            signals=Signals.of([Signal("open", NOW - 19 * DAY, "email")]),
        ),
        volumes=(Volume("up", NOW - HOUR, NOW, 4, 1.0),),
    )  # fmt: skip
    (verdicts,) = one.verdicts(known, [UPSELL])
    assert [verdict for verdict in verdicts if verdict.effect is not Effect.ALLOW] == []
    assert combined_effect(verdicts) is Effect.ALLOW
