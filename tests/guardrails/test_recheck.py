"""One recheck for commit, approval and delivery: none is weaker than another without a stated reason.

The reasons are the notes of the table in :mod:`heed.guardrails.recheck`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from heed.decisioning.catalogue import Action, Autonomy, Catalogue, MessageClass
from heed.decisioning.customer import ContactPoint, Facts, Objection, Volume
from heed.decisioning.decide import Guard
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import policy_from_data
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.recheck import ALLOWED, PlannedAct, RecheckResult, Stage, recheck
from heed.guardrails.rules.volume_limit import VolumeLimit
from tests.support.guardrail_builders import (
    CONSENT_RULE,
    DAY,
    HOUR,
    NOW,
    action,
    contact,
    facts,
    granted,
    policy,
    rule,
    withdrawn,
)
from tests.support.random_customers import customer as random_customer

MORE_RULES: tuple[dict[str, Any], ...] = (
    rule("quiet_hours", windows=[{"from": "20:00", "to": "08:00"}]),
    rule(
        "quiet_hours", "weekends", only=[{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "00:00", "to": "24:00"}]
    ),
    rule("frequency_cap", limit=2, window="7d"),
    rule("suppression"),
    rule("objection"),
    rule("completeness", needs=["contact_point", "time_zone"]),
    rule("identity", at_least=0.9),
    rule("human_review"),
    rule("human_review", "vulnerable", attributes=["vulnerable"]),
    {**CONSENT_RULE, "id": "express", "bases": ["express"]},
    {**CONSENT_RULE, "id": "service", "required": False, "scope": {"message_classes": ["service"]}},
)
FIELDS = (
    "time_zone",
    "jurisdiction",
    "contact_points",
    "consents",
    "suppressions",
    "contacts",
    "objections",
    "identity",
)


@dataclass(frozen=True)
class Rules:
    """A policy and a catalogue, as the recheck sees them."""

    catalogue: Catalogue
    guard: Guard
    policy: Policy

    @property
    def windows(self) -> tuple[timedelta, ...] | None:
        return tuple(one.window for one in self.policy.rules if isinstance(one, VolumeLimit)) or None


def rules_of(*written: Mapping[str, Any], actions: tuple[Action, ...] = (), **top: Any) -> Rules:
    catalogue = Catalogue("EUR", actions or (action(),))
    declared = {"vulnerable": "boolean"}
    guard = bind_policy(policy_from_data(policy(*written, **top)), catalogue, declared)
    return Rules(catalogue, guard, guard.policy)


@dataclass(frozen=True)
class Situation:
    """An act in question, and all that there is to know about it."""

    rules: Rules
    action: Action
    facts: Facts

    def ask(self, stage: Stage, *, by_person: bool, point: str | None = None) -> RecheckResult:
        act = PlannedAct(self.action.action_id, point or self.picked, by_person, self.rules.windows)
        return recheck(stage, act, self.rules, self.facts)

    def allows(self, stage: Stage, *, by_person: bool) -> bool:
        return self.ask(stage, by_person=by_person).allowed

    @property
    def picked(self) -> str | None:
        return self.rules.guard.contact_point(self.facts, self.action)

    @property
    def points(self) -> list[ContactPoint]:
        return [one for one in self.facts.customer.contact_points if one.channel == self.action.channel]


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """A customer who may be contacted, but for some random fields; a few rules; an action of any autonomy."""
    random = draw(st.randoms(use_true_random=False))
    usual, odd = facts(identity=1.0).customer, random_customer(random)
    changed = draw(st.sets(st.sampled_from(FIELDS), max_size=3))
    customer = replace(usual, **{name: getattr(odd, name) for name in changed})
    assume(all(one.recorded_at.tzinfo for one in customer.consents))
    offered = action(
        message_class=draw(st.sampled_from(MessageClass)),
        autonomy=draw(st.sampled_from((Autonomy.ASSIST, *Autonomy))),
        valid_until=draw(st.sampled_from((None, None, NOW))),
        channel=draw(st.sampled_from(("email", "email", "web"))),
    )
    chosen = draw(st.lists(st.sampled_from(MORE_RULES), max_size=3, unique_by=lambda one: one["id"]))
    consent = {**CONSENT_RULE, "addressless": ["web"]}
    now = NOW + draw(st.sampled_from((0, 0, 1, 12, 24 * 4))) * HOUR
    return Situation(rules_of(consent, *chosen, actions=(offered,)), offered, Facts(customer, now))


# --- What each stage asks, beside the others.


@given(situations())
def test_what_may_be_committed_as_an_act_may_be_approved_and_delivered(one: Situation) -> None:
    assume(one.allows(Stage.COMMIT, by_person=False))
    assert one.allows(Stage.COMMIT, by_person=True)
    assert one.allows(Stage.APPROVAL, by_person=True)
    assert one.allows(Stage.DELIVERY, by_person=False)
    assert one.allows(Stage.DELIVERY, by_person=True)


@given(situations())
def test_what_may_be_approved_may_be_a_case_and_may_be_delivered(one: Situation) -> None:
    assume(one.allows(Stage.APPROVAL, by_person=True))
    assert one.allows(Stage.COMMIT, by_person=True)
    assert one.allows(Stage.DELIVERY, by_person=True)


@given(situations())
def test_a_case_may_be_approved_at_the_contact_point_that_the_policy_picks(one: Situation) -> None:
    """Note 2: opening a case differs from approving it by the contact point and nothing else."""
    assert one.ask(Stage.COMMIT, by_person=True) == one.ask(Stage.APPROVAL, by_person=True)


@given(one=situations(), person=st.booleans())
def test_delivery_is_as_strict_as_commit_where_the_contact_point_is_the_only_one(
    *, one: Situation, person: bool
) -> None:
    """Note 3: delivery differs from the stages before it by the contact points that are not the act's."""
    assume(len(one.points) < 2)
    before = Stage.APPROVAL if person else Stage.COMMIT
    assert one.ask(Stage.DELIVERY, by_person=person) == one.ask(before, by_person=person)


@given(situations())
def test_delivery_to_another_contact_point_needs_that_one_s_own_consent(one: Situation) -> None:
    """Note 3: whatever else the customer has agreed to, the message's own contact point must pass every rule."""
    for point in one.points:
        if one.ask(Stage.DELIVERY, by_person=True, point=point.contact_point).allowed:
            alone = replace(one.facts, customer=replace(one.facts.customer, contact_points=(point,)))
            assert replace(one, facts=alone).allows(Stage.APPROVAL, by_person=True)


@given(situations(), st.sampled_from(Stage))
def test_a_person_lets_pass_what_asks_for_one_and_nothing_else(one: Situation, stage: Stage) -> None:
    """Notes 1 and 4: without a review verdict, and with autonomy to assist, nobody needs to have looked."""
    (verdicts,) = one.rules.guard.verdicts(one.facts, (one.action,))
    assume(not any(verdict.effect == "review" for verdict in verdicts))
    assume(one.rules.guard.autonomy(one.action) is Autonomy.ASSIST)
    assert one.ask(stage, by_person=True) == one.ask(stage, by_person=False)


@given(one=situations(), stage=st.sampled_from(Stage), person=st.booleans(), further=st.sampled_from(MORE_RULES[:4]))
def test_a_further_rule_never_allows_what_was_refused(
    *, one: Situation, stage: Stage, person: bool, further: dict[str, Any]
) -> None:
    assume(not one.allows(stage, by_person=person))
    written = [*one.rules.policy.model_dump(mode="json", by_alias=True, exclude_defaults=True)["rules"]]
    assume(further["id"] not in [each["id"] for each in written])
    stricter = replace(one, rules=rules_of(*written, further, actions=(one.action,)))
    assert not stricter.allows(stage, by_person=person)


def test_situations_are_neither_all_allowed_nor_all_refused() -> None:
    found: list[bool] = []

    @given(situations())
    def note(one: Situation) -> None:
        found.append(one.allows(Stage.DELIVERY, by_person=True))

    note()
    assert 0.1 < sum(found) / len(found) < 0.9


# --- Each condition, by the stages that ask it.

EVERY_STAGE = pytest.mark.parametrize("stage", Stage)
MAIL = action()
BASIC = rules_of(CONSENT_RULE, rule("suppression"))


def asked(
    stage: Stage,
    rules: Rules = BASIC,
    *,
    by_person: bool = True,
    point: str | None = "mail-1",
    now: datetime = NOW,
    windows: tuple[timedelta, ...] | None = None,
    **customer: Any,
) -> RecheckResult:
    return recheck(stage, PlannedAct("email_a", point, by_person, windows), rules, facts(now, **customer))


@EVERY_STAGE
@pytest.mark.parametrize("by_person", [False, True])
def test_nothing_stands_against_an_act_that_is_in_order(*, stage: Stage, by_person: bool) -> None:
    assert asked(stage, by_person=by_person) == ALLOWED


@EVERY_STAGE
def test_an_action_that_left_the_catalogue_or_ended_is_refused(stage: Stage) -> None:
    gone = rules_of(CONSENT_RULE, actions=(action("email_b"),))
    over = rules_of(CONSENT_RULE, actions=(replace(MAIL, valid_until=NOW),))
    expected = RecheckResult("`email_a` is no longer on offer.", "heed-offer")
    assert (asked(stage, gone), asked(stage, over)) == (expected, expected)


@EVERY_STAGE
def test_marketing_after_an_objection_is_refused(stage: Stage) -> None:
    result = asked(stage, objections=(Objection(NOW - DAY),))
    assert (result.because, result.rule, result.until) == (
        "The customer objected to marketing.",
        "heed-objection",
        None,
    )


@EVERY_STAGE
@pytest.mark.parametrize(
    ("autonomy", "by_person", "allowed"),
    [
        ("assist", False, True),
        ("assist", True, True),
        ("suggest", False, False),
        ("suggest", True, True),
        ("shadow", False, False),
        ("shadow", True, False),
    ],
)
def test_a_person_stands_in_for_autonomy_and_nobody_lifts_shadow(
    *, stage: Stage, autonomy: str, by_person: bool, allowed: bool
) -> None:
    rules = rules_of(CONSENT_RULE, autonomy={"default": autonomy})
    result = asked(stage, rules, by_person=by_person)
    assert (result.allowed, result.rule) == (allowed, "" if allowed else "heed-autonomy")


@EVERY_STAGE
def test_volumes_that_were_counted_for_other_windows_are_not_judged_by(stage: Stage) -> None:
    limited = rules_of(CONSENT_RULE, rule("volume_limit", contacts=10, window="30d"))
    result = asked(stage, limited, windows=(DAY,))
    assert (result.rule, result.until) == ("heed-policy", NOW)


@EVERY_STAGE
def test_a_full_volume_is_refused(stage: Stage) -> None:
    limited = rules_of(CONSENT_RULE, rule("volume_limit", contacts=1, window="1d"))
    known = replace(facts(), volumes=(Volume("email_a", NOW - HOUR, NOW, 1),))
    result = recheck(stage, PlannedAct("email_a", "mail-1", by_person=True, windows=(DAY,)), limited, known)
    assert (result.rule, result.until) == ("volume-limit", NOW + DAY)


@pytest.mark.parametrize(
    ("stage", "by_person", "allowed"),
    [
        pytest.param(Stage.COMMIT, False, False, id="an act is decided again"),
        pytest.param(Stage.COMMIT, True, True, id="a case sends nothing"),
        pytest.param(Stage.APPROVAL, True, False, id="an approval is made again"),
        pytest.param(Stage.DELIVERY, False, True, id="a message keeps its contact point"),
        pytest.param(Stage.DELIVERY, True, True, id="a message keeps its contact point, approved or not"),
    ],
)
def test_a_contact_point_that_the_policy_would_now_pick_first_is_for_what_is_not_yet_written(
    *, stage: Stage, by_person: bool, allowed: bool
) -> None:
    both = (ContactPoint("mail-0", "email"), ContactPoint("mail-1", "email"))
    result = asked(stage, by_person=by_person, contact_points=both)
    assert (result.allowed, result.rule) == (allowed, "" if allowed else "heed-contact-point")


def test_consent_for_another_contact_point_does_not_deliver_a_message() -> None:
    both = (ContactPoint("mail-0", "email"), ContactPoint("mail-1", "email"))
    said = (granted(contact_point="mail-0"), withdrawn(contact_point="mail-1"))
    result = asked(Stage.DELIVERY, contact_points=both, consents=said)
    assert (result.rule, result.until) == ("consent", None)


@EVERY_STAGE
def test_silence_of_the_policy_is_no_permission(stage: Stage) -> None:
    class Silent:
        terms = BASIC.guard.terms
        choice_verdicts, autonomy = BASIC.guard.choice_verdicts, BASIC.guard.autonomy
        contact_point = BASIC.guard.contact_point

        def verdicts(self, facts: Facts, actions: Any) -> Any:
            del facts
            return tuple(() for _ in actions)

    assert asked(stage, replace(BASIC, guard=Silent())).rule == "heed-no-consent-rule"


@pytest.mark.parametrize(
    ("stage", "by_person", "allowed"),
    [
        (Stage.COMMIT, False, False),
        (Stage.COMMIT, True, True),
        (Stage.APPROVAL, True, True),
        (Stage.DELIVERY, False, False),
        (Stage.DELIVERY, True, True),
    ],
)
def test_what_asks_for_a_person_is_against_an_act_that_nobody_looks_at(
    *, stage: Stage, by_person: bool, allowed: bool
) -> None:
    rules = rules_of(CONSENT_RULE, rule("human_review"))
    result = asked(stage, rules, by_person=by_person)
    assert (result.allowed, result.rule) == (allowed, "" if allowed else "human-review")


# --- Which objection is named, and whether it passes.


def test_what_passes_by_itself_says_when_the_last_of_it_does() -> None:
    rules = rules_of(
        CONSENT_RULE,
        rule("frequency_cap", limit=1, window="1d"),
        rule("frequency_cap", "weekly", limit=1, window="7d"),
    )
    result = asked(Stage.DELIVERY, rules, contacts=(contact(HOUR),))
    assert (result.rule, result.until) == ("weekly", NOW - HOUR + 7 * DAY)


def test_what_the_customer_said_is_not_waited_out() -> None:
    rules = rules_of(CONSENT_RULE, rule("frequency_cap", limit=1, window="1d"), rule("suppression"))
    result = asked(Stage.DELIVERY, rules, contacts=(contact(HOUR),), consents=(withdrawn(),))
    assert (result.rule, result.until) == ("consent", None)


def test_the_policy_s_flag_to_stop_keeps_a_message_where_it_is() -> None:
    stopped = rules_of(CONSENT_RULE, stop={"reason": "Wrong price.", "disposition": "hold"})
    result = asked(Stage.DELIVERY, stopped)
    assert (result.stopped, result.rule, result.until) == (True, "heed-stop", None)
