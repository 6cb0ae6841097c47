"""The flag of a policy that stops everything."""

import pytest

from heed.decisioning.catalogue import Catalogue
from heed.decisioning.verdict import Effect, decisive_verdict
from heed.guardrails.policy.load import policy_from_data
from heed.guardrails.policy_errors import InvalidPolicy
from heed.guardrails.vectorized.column_guard import bind_column_policy
from tests.support.guardrail_builders import CONSENT_RULE, NOW, action, facts, guard, policy

REASON = "The agency reported a wrong price."


@pytest.mark.parametrize(
    ("flag", "effect"),
    [
        pytest.param({"reason": REASON}, Effect.SUPPRESS, id="hold unless it says otherwise"),
        pytest.param({"reason": REASON, "disposition": "review"}, Effect.REVIEW, id="review where it says so"),
    ],
)
def test_the_flag_leads_the_verdicts_and_binds(flag, effect):
    (said,) = guard(CONSENT_RULE, stop=flag).verdicts(facts(), [action()])
    assert (said[0].rule, said[0].effect) == ("heed-stop", effect)
    assert said[0].reason == f"Stopped by the policy (everything): {REASON}"
    assert decisive_verdict(said) is said[0]


def test_an_action_of_no_catalogue_is_stopped_too():
    (said,) = guard(CONSENT_RULE, stop={"reason": REASON}).verdicts(facts(), [action("stranger")])
    assert said[0].rule == "heed-stop"


def test_the_flag_is_part_of_what_identifies_a_policy():
    assert guard(CONSENT_RULE).hash != guard(CONSENT_RULE, stop={"reason": REASON}).hash


def test_columns_say_the_same():
    loaded = policy_from_data(policy(CONSENT_RULE, stop={"reason": REASON}))
    said = bind_column_policy(loaded, Catalogue("EUR", (action(),))).verdicts([facts().customer], [action()], now=NOW)
    assert (said.effect(0, 0), said.binding(0, 0)) == (Effect.SUPPRESS, "heed-stop")


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        pytest.param({}, "reason", id="without a reason"),
        pytest.param({"reason": REASON, "disposition": "act"}, "disposition", id="to act"),
        pytest.param(True, "stop", id="a bare yes"),
    ],
)
def test_a_flag_that_is_none_is_refused(flag, message):
    with pytest.raises(InvalidPolicy, match=message):
        guard(CONSENT_RULE, stop=flag)
