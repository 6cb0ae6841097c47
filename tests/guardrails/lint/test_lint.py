"""Faults planted in policies are found, and the policy that heed ships has none."""

from datetime import UTC, datetime
from typing import Any

import pytest

from heed.decisioning.catalogue import Action, Catalogue, MessageClass
from heed.guardrails.lint.finding import Finding, Severity
from heed.guardrails.lint.policy_lint import lint_policy
from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy, parse_policy, policy_from_data
from tests.support.guardrail_builders import CONSENT_RULE, action, policy, rule

AS_OF = datetime(2026, 6, 1, tzinfo=UTC)
ACTIONS = (
    action("email_offer", category="loyalty"),
    action("email_bill", purpose="service", category="billing", message_class=MessageClass.SERVICE),
    action("sms_offer", "sms", category="winback"),
)
TYPES = {"age": "int", "spent": "float", "city": "string", "member": "bool"}
EMAIL, SMS = {"channels": ["email"]}, {"channels": ["sms"]}
NIGHT = [{"from": "20:00", "to": "08:00"}]


def found(*rules: dict[str, Any], actions: tuple[Action, ...] = ACTIONS, consent: bool = True,
          **top: Any) -> tuple[Finding, ...]:  # fmt: skip
    written = policy_from_data(policy(*([CONSENT_RULE] if consent else []), *rules, **top))
    return lint_policy(written, Catalogue("EUR", actions), TYPES, as_of=AS_OF)


PLANTED = [
    pytest.param([rule("suppression", valid_until="2026-05-01T00:00:00Z")], "expired", "suppression", Severity.WARNING,
                 "expired on 2026-05-01", id="a rule that is over"),
    pytest.param([rule("suppression", valid_from="2026-07-01T00:00:00Z")], "not-yet-in-force", "suppression",
                 Severity.WARNING, "not in force before 2026-07-01", id="a rule that has not begun"),
    pytest.param([rule("frequency_cap", limit=1, window="7d", scope={**SMS, "categories": ["loyalty"]})],
                 "scope-names-nothing", "frequency-cap", Severity.WARNING, "no action of the catalogue",
                 id="a scope that names nothing"),
    pytest.param([rule("frequency_cap", limit=0, window="7d", scope=SMS)], "action-never-allowed", "frequency-cap",
                 Severity.ERROR, "no customer can ever receive `sms_offer`", id="a cap of nothing"),
    pytest.param([rule("consent", "free", required=False)], "consent-not-asked", "free", Severity.ERROR,
                 "advertising included", id="consent waived for everything"),
    pytest.param([rule("quiet_hours", windows=[{"from": "00:00", "to": "24:00"}])], "quiet-all-week", "quiet-hours",
                 Severity.ERROR, "whole week", id="quiet hours without an end"),
    pytest.param([rule("quiet_hours", "long", windows=NIGHT),
                  rule("quiet_hours", "short", windows=[{"from": "22:00", "to": "06:00"}], scope=EMAIL)],
                 "shadowed", "short", Severity.WARNING, "`long` covers everything", id="quiet hours within others"),
    pytest.param([rule("frequency_cap", "all", limit=2, window="7d"),
                  rule("frequency_cap", "mail", limit=3, window="7d", scope=EMAIL)],
                 "cap-never-reached", "mail", Severity.WARNING, "`all` allows no more contacts in no less time",
                 id="a narrower cap beyond a wider one"),
    pytest.param([rule("frequency_cap", "mail", limit=1, window="7d", scope=EMAIL),
                  rule("frequency_cap", "text", limit=1, window="7d", scope=SMS),
                  rule("frequency_cap", "all", limit=4, window="7d")],
                 "cap-never-reached", "all", Severity.WARNING, "together allow 2 contacts",
                 id="a wider cap that narrower ones keep from being reached"),
    pytest.param([rule("condition", "old", allow_when="customer.age >= 18"),
                  rule("condition", "again", allow_when="customer.age >= 18", scope=EMAIL)],
                 "duplicate-condition", "again", Severity.WARNING, "already in `old`",
                 id="a condition that stands twice"),
    pytest.param([rule("condition", suppress_when="customer.age < 18 && customer.age > 65")],
                 "condition-never-holds", "condition", Severity.WARNING, "never objects", id="a condition of nobody"),
    pytest.param([rule("condition", suppress_when="customer.age < 18 || customer.age >= 18")],
                 "condition-always-holds", "condition", Severity.ERROR, "everything in scope is suppressed",
                 id="a condition of everybody"),
    pytest.param([rule("condition", review_when="customer.city != 'Rome' || customer.city != 'Oslo'")],
                 "condition-always-holds", "condition", Severity.ERROR, "goes to review",
                 id="a review of everything"),
    pytest.param([rule("condition", allow_when="customer.spent > 3.0 && customer.spent < 3.0")],
                 "condition-never-holds", "condition", Severity.ERROR, "is suppressed", id="an impossible demand"),
    pytest.param([rule("confidence", "high", act_at_least=0.8), rule("confidence", "low", act_at_least=0.5)],
                 "shadowed", "low", Severity.WARNING, "`high` covers", id="a lower confidence beside a higher one"),
    pytest.param([rule("quiet_hours", "union", windows=NIGHT, scope={"jurisdictions": ["EU"]}),
                  rule("quiet_hours", "member", windows=NIGHT, scope={"jurisdictions": ["DE", "AT"]})],
                 "shadowed", "member", Severity.WARNING, "`union` covers", id="a state within the Union"),
    pytest.param([rule("suppression", "first"), rule("suppression", "second")], "shadowed", "second",
                 Severity.WARNING, "`first` covers", id="the same rule twice"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "check", "named", "severity", "said"), PLANTED)
def test_a_planted_fault_is_found(
    rules: list[dict[str, Any]], check: str, named: str, severity: Severity, said: str
) -> None:
    (finding,) = found(*rules)
    assert (finding.check, finding.rule, finding.severity) == (check, named, severity)
    assert said in finding.message
    assert finding.remedy


def test_an_action_without_a_rule_of_consent_is_found() -> None:
    scoped = {**CONSENT_RULE, "scope": EMAIL}
    (finding,) = found(scoped, consent=False)
    assert finding.severity is Severity.ERROR
    assert "no rule of kind `consent` is in force for `sms_offer`" in finding.message


def test_consent_that_is_only_observed_is_found() -> None:
    (finding, *_) = found({**CONSENT_RULE, "mode": "observe"}, consent=False)
    assert (finding.check, finding.rule, finding.severity) == ("consent-only-observed", "consent", Severity.ERROR)


def test_a_condition_of_eligibility_that_nobody_looks_at_is_found() -> None:
    (finding,) = found(actions=(action("email_offer", eligibility="customer.age >= 18"),))
    assert "no rule checks it" in finding.message
    assert finding.field == "actions.email_offer"


def test_a_condition_of_eligibility_that_nobody_meets_is_found() -> None:
    impossible = action("email_offer", value=2.0, eligibility="customer.age > 3 && action.value > 5.0")
    (finding,) = found(rule("eligibility"), actions=(impossible,))
    assert (finding.check, finding.field) == ("condition-never-holds", "actions.email_offer.eligibility")


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([rule("frequency_cap", "all", limit=4, window="7d"),
                      rule("frequency_cap", "mail", limit=3, window="7d", scope=EMAIL),
                      rule("frequency_cap", "text", limit=2, window="7d", scope=SMS)],
                     id="caps of which each can be reached"),
        pytest.param([rule("frequency_cap", "week", limit=2, window="7d"),
                      rule("frequency_cap", "day", limit=1, window="24h")], id="a stricter cap in a shorter window"),
        pytest.param([rule("frequency_cap", "all", limit=1, window="7d", effect="review"),
                      rule("frequency_cap", "mail", limit=2, window="7d", scope=EMAIL)],
                     id="a cap that suppresses beyond one that asks"),
        pytest.param([rule("frequency_cap", "all", limit=1, window="7d", mode="observe"),
                      rule("frequency_cap", "mail", limit=2, window="7d", scope=EMAIL)],
                     id="a wider cap that is only tried"),
        pytest.param([rule("suppression", "here", scope={"jurisdictions": ["DE"]}), rule("suppression", "there",
                      scope={"jurisdictions": ["US"]})], id="the same rule in two countries"),
        pytest.param([rule("quiet_hours", "a", windows=NIGHT, scope=SMS), rule("quiet_hours", "b", windows=NIGHT,
                      scope=EMAIL)], id="the same quiet hours for two channels"),
        pytest.param([rule("consent", "service", required=False, scope={"message_classes": ["service"]})],
                     id="consent waived for what serves"),
        pytest.param([rule("condition", allow_when="customer.age >= 18 && customer.city in ['Rome', 'Oslo']")],
                     id="a condition of some"),
        pytest.param([rule("condition", suppress_when="customer.age * 2 == 37")],
                     id="a condition of nobody that no check can be sure of"),
        pytest.param([rule("condition", suppress_when="action.value > 500.0")], id="a condition of no action yet"),
        pytest.param([rule("condition", suppress_when="customer.age % 2 == 0 || customer.member")],
                     id="a condition that computes"),
        pytest.param([rule("frequency_cap", limit=1, window="7d", scope={"channels": ["fax"]})],
                     id="a channel that only the vocabulary knows"),
        pytest.param([rule("condition", suppress_when="customer.city < 'a' && customer.city > 'A'")],
                     id="a stretch of the alphabet"),
        pytest.param([rule("condition", suppress_when="customer.spent > 1.0 && customer.spent < 1.1")],
                     id="a stretch between two amounts"),
    ],
)  # fmt: skip
def test_what_may_well_be_meant_is_not_reported(rules: list[dict[str, Any]]) -> None:
    assert found(*rules, vocabulary={"channels": ["fax"]}) == ()


def test_rules_of_packs_are_not_found_fault_with() -> None:
    weekend = [{"days": ["sat"], "from": "10:00", "to": "12:00"}]
    wide, narrow = rule("quiet_hours", "wide", windows=NIGHT), rule("quiet_hours", "own", windows=weekend)
    told = found(wide, narrow, packs=["us", "uk", "eu", "ca"])
    assert {one.check for one in told} == {"citation-unconfirmed"}


def test_rules_of_packs_count_against_the_policy_s_own() -> None:
    early = rule("quiet_hours", "early", windows=[{"from": "22:00", "to": "07:00"}],
                 unknown_zone=["America/Chicago"],
                 scope={"channels": ["sms"], "message_classes": ["marketing"], "jurisdictions": ["US"]})  # fmt: skip
    (finding,) = [one for one in found(early, packs=["us"]) if one.rule == "early"]
    assert "`us-calling-hours` covers" in finding.message


@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_the_policy_that_heed_ships_has_no_findings(known: int) -> None:
    assert lint_policy(load_policy(DEFAULT_POLICY), Catalogue("EUR", ACTIONS[:known]), TYPES, as_of=AS_OF) == ()


def test_a_finding_names_file_line_rule_and_field() -> None:
    text = """version: 1
name: test
rules:
  - id: consent
    purpose: Ask first.
    owner: dpo
    kind: consent
  - id: never
    purpose: Never at all.
    owner: crm
    kind: quiet_hours
    windows:
      - {from: 00:00, to: 24:00}
"""
    loaded = parse_policy(text, source="policy.yaml")
    (finding,) = lint_policy(loaded, Catalogue("EUR", ACTIONS), TYPES, as_of=AS_OF)
    shown = finding.shown("policy.yaml")
    assert shown.startswith(
        "error: policy.yaml:12: rule `never`, field `windows`: the quiet hours cover the whole week"
    )
    assert shown.endswith("leave some hours of the week open")


def test_of_two_rules_the_other_is_named_with_its_line() -> None:
    text = """version: 1
name: test
rules:
  - {id: consent, purpose: Ask., owner: dpo, kind: consent}
  - {id: list, purpose: Leave alone., owner: dpo, kind: suppression}
  - {id: list-again, purpose: Leave alone., owner: dpo, kind: suppression}
"""
    (finding,) = lint_policy(parse_policy(text), Catalogue("EUR", ACTIONS), TYPES, as_of=AS_OF)
    assert (finding.rule, finding.line) == ("list-again", 6)
    assert "`list` (line 5) covers" in finding.message


def test_what_is_not_confirmed_of_a_citation_is_told_with_the_line_that_names_the_pack() -> None:
    text = """
version: 1
name: test
packs:
  - us
rules:
  - {id: consent, purpose: Ask first., owner: dpo, kind: consent}
"""
    told = lint_policy(parse_policy(text, source="policy.yaml"), Catalogue("EUR", ACTIONS), TYPES, as_of=AS_OF)
    doubtful = {one.rule: one for one in told if one.check == "citation-unconfirmed"}
    assert set(doubtful) == {"us-tx-calling-hours"}
    shown = doubtful["us-tx-calling-hours"].shown("policy.yaml")
    assert shown.startswith("warning: policy.yaml:5: rule `us-tx-calling-hours`")
    assert "Texas Business and Commerce Code, section 301.051" in shown
