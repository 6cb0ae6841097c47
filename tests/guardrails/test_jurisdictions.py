"""Where rules apply to whom: countries, their parts, the Union, and what names no place."""

import pytest

from heed.guardrails.jurisdictions import canonical_code
from heed.guardrails.policy_errors import InvalidPolicy
from heed.guardrails.rule_scope import Scope
from tests.support.guardrail_builders import guard, rule


@pytest.mark.parametrize(
    ("code", "spelt"),
    [("de", "DE"), (" us-ca ", "US-CA"), ("UK", "GB"), ("uk-eng", "GB-ENG"), ("EL", "GR"), ("EU", "EU"), ("XX", None),
     ("ZZ", None), ("Germany", None), ("", None), ("D", None), ("DE-", None)],
)  # fmt: skip
def test_a_code_is_compared_in_one_spelling(code, spelt):
    assert canonical_code(code) == spelt


REACHED = [
    ("DE", "DE", "surely"), ("DE", "DE-BY", "surely"), ("DE-BY", "DE", "maybe"), ("DE-BY", "DE-BE", "not"),
    ("EU", "DE", "surely"), ("EU", "DE-BY", "surely"), ("EU", "EU", "surely"), ("EU", "EL", "surely"),
    ("EU", "GB", "not"), ("EU", "NO", "not"), ("DE", "EU", "maybe"), ("DE-BY", "EU", "maybe"), ("GB", "EU", "not"),
    ("GB", "uk", "surely"), ("DE", None, "maybe"), ("DE", "", "maybe"), ("DE", "XX", "maybe"),
    ("DE", "Germany", "maybe"), ("US", "USA", "maybe"),
]  # fmt: skip


@pytest.mark.parametrize(("named", "own", "how"), REACHED)
def test_a_rule_reaches_who_is_there_and_in_doubt_who_may_be(named, own, how):
    scope = Scope(jurisdictions=(named,))
    assert scope.reaches(own, unsure=True) is (how != "not")
    assert scope.reaches(own, unsure=False) is (how == "surely")


def test_how_a_policy_spells_a_country_is_no_part_of_its_identity():
    hashes = {guard(rule("suppression", scope={"jurisdictions": [one]})).hash for one in ("UK", "GB")}
    assert len(hashes) == 1


@pytest.mark.parametrize("code", ["XX", "ZZ"])
def test_a_policy_cannot_name_no_place(code):
    with pytest.raises(InvalidPolicy, match="value is not a known place"):
        guard(rule("suppression", scope={"jurisdictions": [code]}))
