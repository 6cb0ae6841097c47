"""The certificate travels from the scorer to the rules that judge the choice, and knows what it was made for."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.certificate import Loss
from heed.decisioning.decide import Choice, decide
from heed.decisioning.net_value_digest import net_value_digest
from heed.decisioning.value import ValueTerms
from tests.support.certificates import certificate
from tests.support.doubles import FixedGuard, FixedScorer, action, facts


@dataclass(frozen=True)
class Listening(FixedGuard):
    heard: list[Choice] = field(default_factory=list)

    def choice_verdicts(self, known, choice):
        del known
        self.heard.append(choice)
        return ()


@pytest.mark.parametrize("carried", [None, certificate()], ids=["a model without a certificate", "a model with one"])
def test_the_rules_of_the_second_look_see_what_the_model_carries(carried):
    guard = Listening()
    decide(facts(), [action("a")], scorer=FixedScorer({"a": 0.3}, certificate=carried), guard=guard)
    assert [one.certificate for one in guard.heard] == [carried]


@pytest.mark.parametrize(
    ("changed", "promise"),
    [
        ({}, "harm at most 2 % with probability 0.9"),
        ({"loss": Loss.REGRET, "alpha": 0.5, "delta": 0.05}, "regret at most 0.5 per act with probability 0.95"),
    ],
    ids=["harm is a share of contacts", "regret is money per act"],
)
def test_a_certificate_says_what_it_promises(changed, promise):
    assert certificate(**changed).promise == promise


OFFERS = (action("a", value=10.0, cost=1.0), action("b", value=5.0))


@pytest.mark.parametrize(
    ("terms", "offers"),
    [
        (ValueTerms(harm_cost=1.0), OFFERS),
        (ValueTerms(tolerance=0.1), OFFERS),
        (ValueTerms(levers={"a": 2.0}), OFFERS),
        (ValueTerms(), OFFERS[:1]),
        (ValueTerms(), (action("a", value=11.0, cost=1.0), OFFERS[1])),
        (ValueTerms(), (action("a", value=10.0, cost=2.0), OFFERS[1])),
    ],
    ids=["harm cost", "tolerance", "a lever", "fewer actions", "another value", "another cost"],
)
def test_other_net_values_have_another_digest(terms, offers):
    assert net_value_digest(terms, offers) != net_value_digest(ValueTerms(), OFFERS)


@given(st.permutations(OFFERS))
def test_the_order_of_the_catalogue_changes_no_net_value(offers):
    assert net_value_digest(ValueTerms(levers={"b": 2.0, "a": 1.5}), offers) == net_value_digest(
        ValueTerms(levers={"a": 1.5, "b": 2.0}), OFFERS
    )
