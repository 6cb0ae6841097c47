import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.catalogue import HOLD, Autonomy
from heed.decisioning.decide import decide
from heed.decisioning.decision import Disposition, Explain
from heed.decisioning.value import ValueTerms
from heed.decisioning.verdict import Effect, Verdict
from tests.support.doubles import ALLOWED, NOW, FixedGuard, FixedScorer, action, facts

SUPPRESSED = (Verdict("consent", Effect.SUPPRESS, "Consent was withdrawn."),)
ASK = (*ALLOWED, Verdict("large-offer", Effect.REVIEW, "The offer is large."))


def test_the_best_admissible_action_is_done():
    decision = decide(
        facts(),
        [action("a"), action("b")],
        scorer=FixedScorer({"a": 0.1, "b": 0.2}),
        guard=FixedGuard(),
        currency="EUR",
    )
    assert (decision.disposition, decision.action_id) == (Disposition.ACT, "b")
    assert decision.contact_point == "point-email"
    assert [(one.action_id, one.rank) for one in decision.candidates] == [("b", 1), ("a", 2), (HOLD, 3)]
    assert decision.candidates[0].net_value == pytest.approx(2.0)
    assert any("2.00 EUR" in reason for reason in decision.reasons)


def test_a_suppressed_best_leaves_the_next_best():
    guard = FixedGuard({"b": SUPPRESSED})
    decision = decide(facts(), [action("a"), action("b")], scorer=FixedScorer({"a": 0.1, "b": 0.2}), guard=guard)
    assert decision.action_id == "a"


def test_nothing_admissible_holds_and_names_the_rule():
    until = NOW + timedelta(hours=3)
    quiet = (*ALLOWED, Verdict("quiet-hours", Effect.SUPPRESS, "It is night there.", until))
    decision = decide(facts(), [action("a")], scorer=FixedScorer({"a": 0.1}), guard=FixedGuard({"a": quiet}))
    assert (decision.disposition, decision.action_id, decision.proposed_action_id) == (Disposition.HOLD, None, None)
    assert (decision.binding_rule, decision.eligible_at) == ("quiet-hours", until)
    assert "It is night there." in decision.reasons[0]
    assert decision.confidence == 1.0


def test_nothing_worth_more_than_holding_holds_without_a_rule():
    decision = decide(facts(), [action("a", cost=5.0)], scorer=FixedScorer({"a": 0.1}), guard=FixedGuard())
    assert (decision.disposition, decision.binding_rule) == (Disposition.HOLD, None)
    assert [one.action_id for one in decision.candidates] == [HOLD, "a"]


def test_net_value_of_zero_is_not_worth_more_than_holding():
    decision = decide(facts(), [action("a", cost=1.0)], scorer=FixedScorer({"a": 0.1}), guard=FixedGuard())
    assert decision.disposition is Disposition.HOLD


@pytest.mark.parametrize(
    ("guard", "autonomy", "rule"),
    [
        pytest.param(FixedGuard({"a": ASK}), Autonomy.ASSIST, "large-offer", id="a review verdict asks a person"),
        pytest.param(
            FixedGuard(late=(Verdict("confidence", Effect.REVIEW, "Too close to call."),)),
            Autonomy.ASSIST,
            "confidence",
            id="low confidence asks a person",
        ),
        pytest.param(FixedGuard(), Autonomy.SUGGEST, None, id="suggest always asks a person"),
    ],
)
def test_what_is_not_sure_goes_to_a_person(guard, autonomy, rule):
    decision = decide(facts(), [action("a", autonomy=autonomy)], scorer=FixedScorer({"a": 0.1}), guard=guard)
    assert decision.disposition is Disposition.REVIEW
    assert (decision.action_id, decision.proposed_action_id, decision.binding_rule) == (None, "a", rule)


@pytest.mark.parametrize("said", [pytest.param(ALLOWED, id="allowed"), pytest.param(ASK, id="needing review")])
def test_a_shadow_action_never_acts_even_when(said):
    guard = FixedGuard({"a": said}, levels={"a": Autonomy.SHADOW})
    decision = decide(facts(), [action("a")], scorer=FixedScorer({"a": 0.1}), guard=guard)
    assert (decision.disposition, decision.action_id, decision.proposed_action_id) == (Disposition.HOLD, None, "a")


def test_a_late_suppression_holds():
    guard = FixedGuard(late=(Verdict("value-floor", Effect.SUPPRESS, "Worth too little."),))
    decision = decide(facts(), [action("a")], scorer=FixedScorer({"a": 0.1}), guard=guard)
    assert (decision.disposition, decision.binding_rule) == (Disposition.HOLD, "value-floor")
    assert decision.proposed_action_id is None


def test_a_candidate_that_no_rule_has_looked_at_is_suppressed():
    decision = decide(facts(), [action("a")], scorer=FixedScorer({"a": 0.1}), guard=FixedGuard({"a": ()}))
    assert decision.disposition is Disposition.HOLD
    assert {one.action_id: one.effect for one in decision.candidates}["a"] is Effect.SUPPRESS
    assert "no rule of the policy speaks for" in decision.reasons[0]


def test_no_action_on_offer_holds():
    decision = decide(facts(), [], scorer=FixedScorer({}), guard=FixedGuard())
    assert decision.disposition is Disposition.HOLD
    assert [one.action_id for one in decision.candidates] == [HOLD]


def test_uplift_counts_where_hold_is_known():
    guard = FixedGuard(terms=ValueTerms(levers={"a": 2.0}))
    decision = decide(facts(), [action("a", cost=0.5)], scorer=FixedScorer({"a": 0.3}, hold=0.2), guard=guard)
    candidate = decision.candidates[0]
    assert candidate.uplift == pytest.approx(0.1)
    assert candidate.uplift_low == pytest.approx(candidate.low - 0.2)
    assert candidate.uplift_high == pytest.approx(candidate.high - 0.2)
    assert candidate.net_value == pytest.approx(2.0 * 10.0 * 0.1 - 0.5)
    assert decision.candidates[1].propensity == 0.2


@pytest.mark.parametrize(
    ("explain", "explained"),
    [(Explain.NONE, set()), (Explain.CHOSEN, {"b"}), (Explain.ALL, {"a", "b"})],
    ids=["explain none", "explain the chosen", "explain all"],
)
def test_only_what_was_asked_for_is_explained(explain, explained):
    scorer = FixedScorer({"a": 0.1, "b": 0.2})
    decision = decide(facts(), [action("a"), action("b")], scorer=scorer, guard=FixedGuard(), explain=explain)
    assert {one.action_id for one in decision.candidates if one.explanation is not None} == explained


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_the_candidates_changes_nothing(order):
    scorer = FixedScorer({"a": 0.2, "b": 0.2, "c": 0.1, "d": 0.2})
    made = decide(facts(), [action(one) for one in order], scorer=scorer, guard=FixedGuard(), explain=Explain.ALL)
    same = decide(facts(), [action(one) for one in "abcd"], scorer=scorer, guard=FixedGuard(), explain=Explain.ALL)
    assert made == same
    assert made.action_id == "a"


_effects = st.sampled_from([Effect.ALLOW, Effect.REVIEW, Effect.SUPPRESS])


@given(st.lists(_effects, min_size=1, max_size=4), st.floats(0.01, 0.9), st.floats(0.01, 0.9))
def test_adding_a_suppression_never_turns_hold_into_more(effects, first, second):
    said = tuple(Verdict(f"rule-{place}", effect, "Said.") for place, effect in enumerate(effects))
    stricter = (*said, Verdict("extra", Effect.SUPPRESS, "Stopped."))
    scorer = FixedScorer({"a": first, "b": second})
    actions = [action("a"), action("b")]
    before = decide(facts(), actions, scorer=scorer, guard=FixedGuard({"a": said, "b": said}))
    after = decide(facts(), actions, scorer=scorer, guard=FixedGuard({"a": stricter, "b": stricter}))
    assert after.disposition is Disposition.HOLD
    assert (before.disposition is Disposition.HOLD) == (Effect.SUPPRESS in effects)


def test_every_combination_of_effects_lets_only_full_allowance_act():
    for effects in itertools.product(Effect, repeat=3):
        said = tuple(Verdict(f"rule-{place}", effect, "Said.") for place, effect in enumerate(effects))
        decision = decide(facts(), [action("a")], scorer=FixedScorer({"a": 0.5}), guard=FixedGuard({"a": said}))
        assert (decision.disposition is Disposition.ACT) == (set(effects) == {Effect.ALLOW})
