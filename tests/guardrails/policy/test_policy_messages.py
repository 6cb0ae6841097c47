"""A policy that cannot be kept is refused with file, line, rule, field, value and what to write instead."""

import re

import pytest

from heed.decisioning.errors import PolicyError
from heed.guardrails.policy.load import load_policy, parse_policy
from heed.guardrails.policy_errors import InvalidPolicy
from tests.support.guardrail_builders import action, loaded_text

HEAD = """version: 1
name: test
rules:
  - id: consent
    purpose: Ask first.
    owner: dpo
    kind: consent
  - id: email-cap
    purpose: Not too often.
    owner: crm
"""
CAP = HEAD + "    kind: frequency_cap\n"
QUIET = HEAD + "    kind: quiet_hours\n"
CONDITION = HEAD + "    kind: condition\n"
TOP = "version: 1\nname: test\n"

REFUSED = [
    pytest.param(CAP + "    limit: 2\n", 8, "window",
                 "missing field", "such as `window: 7d`", id="a cap without a window"),
    pytest.param(CAP + "    window: 7d\n", 8, "limit",
                 "missing field", "such as `limit: 2`", id="a cap without a limit"),
    pytest.param(CAP + "    window: 7d\n    limt: 2\n    limit: 2\n", 13, "limt",
                 "unknown field", "did you mean `limit`?", id="a misspelt field"),
    pytest.param(CAP + '    window: 7d\n    limit: "2"\n', 13, "limit",
                 "value is not a whole number", "`2`; write how many", id="text for a number"),
    pytest.param(CAP + "    window: 7d\n    limit: true\n", 13, "limit",
                 "value is not a whole number", "`true`", id="yes for a number"),
    pytest.param(CAP + "    window: 7d\n    limit: -1\n", 13, "limit",
                 "value is below 0", "`-1`", id="a limit below nothing"),
    pytest.param(CAP + "    limit: 2\n    window: 7\n", 13, "window",
                 "value is not a length of time", "`7`; write how far back", id="a window without a unit"),
    pytest.param(CAP + "    limit: 2\n    window: 0d\n", 13, "window",
                 "value is not a length of time", "`0d`", id="a window of nothing"),
    pytest.param(CAP + "    limit: 2\n    window: 13w\n", 13, "window",
                 "longer than the 90 days of history", "`13w`", id="a window longer than the history"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    per: chanel\n", 14, "per",
                 "unknown value", "`chanel`; did you mean `channel`?", id="a misspelt choice"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    effect: allow\n", 14, "effect",
                 "unknown value", "`allow`; write one of review, suppress", id="a cap that allows"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    mode: try\n", 14, "mode",
                 "unknown value", "`try`; write one of enforce, observe", id="an unknown mode"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    scope: {channels: email}\n", 14, "scope.channels",
                 "value is not a list", "`email`; write a list, such as `channels: [email]`", id="a name for a list"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    scope: {channels: []}\n", 14, "scope.channels",
                 "list is empty", "`channels: [email, sms]`", id="an empty list of names"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    scope: {chanels: [email]}\n", 14, "scope.chanels",
                 "unknown field", "did you mean `channels`?", id="a misspelt field of the scope"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    scope: {except: {}}\n", 14, "scope.except",
                 "exception names nothing", "", id="an exception of nothing"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    scope: {jurisdictions: [Germany]}\n", 14,
                 "scope.jurisdictions[0]", "value has the wrong format", "`Germany`; write it as in",
                 id="a country by its name"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    scope: {message_classes: [promo]}\n", 14,
                 "scope.message_classes[0]", "unknown value", "`promo`; write one of marketing, service",
                 id="an unknown message class"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    valid_from: 2026-03-01\n", 14, "valid_from",
                 "time has no offset from UTC", "`valid_from: 2026-03-01T00:00:00Z`", id="a day for a moment"),
    pytest.param(CAP + "    limit: 2\n    window: 7d\n    valid_from: 2026-03-01T00:00:00Z\n"
                 "    valid_until: 2026-03-01T00:00:00Z\n", 8, None,
                 "`valid_until` is not after `valid_from`", "", id="an end before the beginning"),
    pytest.param(QUIET + "    windows: [{from: 25:00, to: 08:00}]\n", 12, "windows[0].from",
                 "value is not a time of day", "`25:00`; write it as in `from: 20:00`", id="an hour no clock shows"),
    pytest.param(QUIET + "    windows:\n      - {from: 20:00, to: 20:00}\n", 13, "windows[0]",
                 "`from` must differ from `to`", "", id="a window of no length"),
    pytest.param(QUIET + "    windows:\n      - {from: 20:00, to: 08:00, days: [sunday]}\n", 13, "windows[0].days[0]",
                 "unknown value", "`sunday`; did you mean `sun`?", id="a day by its long name"),
    pytest.param(QUIET + "    windows: []\n", 12, "windows", "list is empty", "", id="no windows"),
    pytest.param(QUIET + "    windows: [{from: 20:00, to: 08:00}]\n    unknown_zone: [Mars/Base]\n", 13,
                 "unknown_zone[0]", "value is not a time zone", "`Mars/Base`; write it as in", id="an unknown zone"),
    pytest.param(CONDITION, 8, None, "needs exactly one of `allow_when`", "", id="a condition without a condition"),
    pytest.param(CONDITION + '    allow_when: "true"\n    review_when: "true"\n', 8, None,
                 "needs exactly one of `allow_when`", "", id="a condition with two"),
    pytest.param(HEAD + "    kind: cool_down\n    after: [complaint]\n", 8, "window",
                 "missing field", "such as `window: 7d`", id="a cool-down without a window"),
    pytest.param(HEAD + "    kind: cool_down\n    window: 30d\n", 8, None,
                 "needs exactly one of `after` and `after_ignored`", "", id="a cool-down after nothing"),
    pytest.param(HEAD + "    kind: cool_down\n    window: 30d\n    after_ignored: 3\n", 8, None,
                 "`after_ignored` and `answered_by` go together", "", id="ignored contacts that nothing answers"),
    pytest.param(HEAD + "    kind: cool_down\n    window: 7d\n    after_ignored: 3\n    answered_by: [open]\n", 8, None,
                 "`window` is not longer than `answer_within`", "", id="a cool-down that ends before it begins"),
    pytest.param(HEAD + "    kind: open_case\n    opened_by: [complaint]\n", 8, "closed_by",
                 "missing field", "`closed_by: [complaint_resolved]`", id="a case that nothing closes"),
    pytest.param(HEAD + "    kind: conflict_group\n    window: 7d\n", 8, None,
                 "needs either `members` or `one_action: true`", "", id="a conflict of nothing"),
    pytest.param(HEAD + "    kind: conflict_group\n    window: 7d\n    members:\n      a: {actions: [email_a]}\n", 8,
                 None, "`members` needs two sides at least", "", id="a conflict with one side"),
    pytest.param(HEAD + "    kind: conflict_group\n    window: 7d\n    members:\n      a: {actions: [email_a]}\n"
                 "      b: {action: [email_a]}\n", 15, "members.b.action", "unknown field", "did you mean `actions`?",
                 id="a misspelt field of a member"),
    pytest.param(HEAD + "    kind: conflict_group\n    window: 7d\n    members:\n      a: {actions: [email_a]}\n"
                 "      b: {actions: [email_b]}\n", 15, "members.b.actions[0]", "unknown action",
                 "did you mean `email_a`?", id="a member that is no action"),
    pytest.param(HEAD + "    kind: volume_limit\n    window: 24h\n", 8, None,
                 "needs `contacts`, `budget` or both", "", id="a limit on nothing"),
    pytest.param(HEAD + "    kind: audit_sample\n    share: 5\n    seed: a\n", 12, "share",
                 "value is above 1", "`share: 0.02`", id="a sample of five hundred percent"),
    pytest.param(HEAD + "    kind: audit_sample\n    share: 0.02\n", 8, "seed",
                 "missing field", "`seed: autumn-2026`", id="a sample without a seed"),
    pytest.param(HEAD + "    kind: completeness\n    reported_within: 200w\n    needs: []\n", 13, "needs",
                 "list is empty", "", id="a need of nothing"),
    pytest.param(HEAD + "    kind: completeness\n    reported_within: 36501d\n", 12, "reported_within",
                 "longer than a hundred years", "`reported_within: 30d`", id="a freshness of more than a century"),
    pytest.param(HEAD + "    kind: human_review\n    unknown: suppress\n", 12, "unknown",
                 "unknown value", "write one of review, allow", id="a review that suppresses"),
    pytest.param(HEAD + "    kind: frequencycap\n", 11, "kind",
                 "unknown kind of rule", "`frequencycap`; did you mean `frequency_cap`?", id="a misspelt kind"),
    pytest.param(HEAD, 8, "kind", "missing field", "write one of consent, suppression", id="no kind"),
    pytest.param(HEAD + "    kind: confidence\n    act_at_least: 60\n", 12, "act_at_least",
                 "value is above 1", "`60`; write a share from 0 to 1", id="a percentage for a share"),
    pytest.param(HEAD + "    kind: confidence\n    act_at_least: .nan\n", 12, "act_at_least",
                 "value is not a number", "`.nan`", id="what is not a number"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "field", "message", "remedy"), REFUSED)
def test_refuses_a_rule_with(text, line, field, message, remedy):
    with pytest.raises(InvalidPolicy, match=rf"^policy\.yaml:{line}: ") as caught:
        loaded_text(text)
    (fault,) = caught.value.faults
    assert (fault.line, fault.rule, fault.field) == (line, "email-cap", field)
    assert message in fault.message
    assert remedy in str(fault)


SCOPED = CAP + "    limit: 2\n    window: 7d\n    scope:\n"


@pytest.mark.parametrize(
    ("scope", "line", "field", "sentence"),
    [
        pytest.param("      channels: [email, emial]\n", 15, "scope.channels[1]",
                     "unknown channel in rule `email-cap`, field `scope.channels[1]`: `emial`; did you mean `email`?",
                     id="channel"),
        pytest.param("      actions:\n        - email_b\n", 16, "scope.actions[0]",
                     "unknown action in rule `email-cap`, field `scope.actions[0]`: `email_b`; "
                     "did you mean `email_a`?", id="action"),
        pytest.param("      purposes: [fun]\n", 15, "scope.purposes[0]",
                     "unknown purpose in rule `email-cap`, field `scope.purposes[0]`: `fun`; use one of marketing",
                     id="purpose"),
        pytest.param("      except:\n        categories: [loyality]\n", 16, "scope.except.categories[0]",
                     "unknown category in rule `email-cap`, field `scope.except.categories[0]`: `loyality`; "
                     "did you mean `loyalty`?", id="category of an exception"),
    ],
)  # fmt: skip
def test_refuses_a_scope_with_an_unknown(scope, line, field, sentence):
    with pytest.raises(InvalidPolicy, match=re.escape(f"policy.yaml:{line}: {sentence}")) as caught:
        loaded_text(SCOPED + scope)
    assert caught.value.field == f"email-cap.{field}"


def test_the_policy_s_vocabulary_adds_to_the_catalogue_s():
    text = SCOPED.replace("name: test\n", "name: test\nvocabulary: {channels: [fax]}\n")
    assert loaded_text(text + "      channels: [fax]\n").policy.rules[1].scope.channels == ("fax",)


@pytest.mark.parametrize(
    ("text", "line", "field", "sentence"),
    [
        ("terms:\n  levers:\n    email_b: 2.0\nrules: []\n", 5, "terms.levers.email_b", "did you mean `email_a`"),
        ("autonomy:\n  actions:\n    email_b: shadow\nrules: []\n", 5, "autonomy.actions.email_b", "unknown action"),
        ("currency: USD\nrules: []\n", 3, "currency", "the catalogue is in EUR"),
        ("terms: {harm_cost: -1}\nrules: []\n", 3, "terms.harm_cost", "value is below 0"),
        ("autonomy: {default: full}\nrules: []\n", 3, "autonomy.default", "write one of shadow, suggest, assist"),
        ("context: {age: int}\nrules: []\n", 3, "context.age.[key]", "value has the wrong format"),
        ("context: {customer.age: integer}\nrules: []\n", 3, "context.customer.age", "did you mean `int`"),
        ("ruels: []\nrules: []\n", 3, "ruels", "did you mean `rules`"),
        ("description: x\n", 1, "rules", "missing field"),
        ("rules: none\n", 3, "rules", "value is not a list"),
        ("rules:\n  - consent\n", 4, None, "value is not a mapping"),
    ],
)
def test_refuses_a_policy_with(text, line, field, sentence):
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:\d+: ") as caught:
        loaded_text(TOP + text)
    fault = next(one for one in caught.value.faults if one.line == line)
    assert fault.field == field
    assert sentence in str(fault)


def test_points_with_a_caret_at_a_misspelt_name_in_a_condition():
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:13: unknown name `customer\.agee`") as caught:
        loaded_text(TOP + "context: {customer.age: int}\n" + CONDITION.removeprefix(TOP)
                    + "    allow_when: customer.agee >= 18\n")  # fmt: skip
    (fault,) = caught.value.faults
    assert str(fault).splitlines()[1:] == ["    customer.agee >= 18", "    ^"]
    assert (fault.rule, fault.field) == ("email-cap", "allow_when")


def test_names_all_faults_in_the_order_of_the_file():
    with pytest.raises(InvalidPolicy, match="email-cap") as caught:
        loaded_text(CAP + "    limt: 2\n    window: 7\n    per: chanel\n")
    assert [one.field for one in caught.value.faults] == ["limit", "limt", "window", "per"]
    assert str(caught.value).count("\n") == 3


def test_a_rule_without_an_id_is_named_by_its_number():
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:4: missing field in rule `number 1`, field `id`"):
        loaded_text(TOP + "rules:\n  - {kind: consent, owner: dpo, purpose: Ask.}\n")


@pytest.mark.parametrize("rule_id", ["Email-Cap", "email cap", "-cap", "cap-", "", "é"])
def test_refuses_an_id_that_is_not_lower_case_words(rule_id):
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:8: .*field `id`"):
        loaded_text(CAP.replace("email-cap", f'"{rule_id}"') + "    limit: 2\n    window: 7d\n")


def test_refuses_an_id_of_the_guard_s_own():
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:8: rule id is reserved .*: `heed-cap`"):
        loaded_text(CAP.replace("email-cap", "heed-cap") + "    limit: 2\n    window: 7d\n")


def test_refuses_an_id_that_stands_twice():
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:8: duplicate rule id in rule `consent`, field `id`"):
        loaded_text(CAP.replace("email-cap", "consent") + "    limit: 2\n    window: 7d\n")


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        pytest.param("version: 1\nversion: 2\n", 2, "duplicate key in field `version`", id="a key twice"),
        pytest.param("a: {b: 1, b: 2}\n", 1, "duplicate key in field `b`", id="a key twice inside"),
        pytest.param("a: &x 1\nb: *x\n", 2, "aliases are not supported", id="an alias"),
        pytest.param("a: !!python/name:os.system x\n", 1, "tags are not supported", id="a tag"),
        pytest.param("a: [1\nb: 2\n", 2, "cannot be read", id="a bracket left open"),
        pytest.param("purpose: Ask: first\n", 1, "put text with `:` or `#` in quotes", id="a colon in plain text"),
        pytest.param("? [a]\n: 1\n", 1, "key is not a name", id="a list for a key"),
        pytest.param("[" * 50 + "]" * 50, 1, "nested too deeply", id="lists in lists in lists"),
        pytest.param("", 1, "value is not a mapping", id="nothing"),
        pytest.param("just words\n", 1, "value is not a mapping", id="words"),
    ],
)
def test_refuses_yaml_with(text, line, sentence):
    with pytest.raises(InvalidPolicy, match=rf"^policy\.yaml:{line}: .*{re.escape(sentence)}"):
        parse_policy(text, source="policy.yaml")


def test_refuses_two_documents_and_a_very_large_one():
    with pytest.raises(InvalidPolicy, match="but found another document"):
        parse_policy("a: 1\n---\nb: 2\n")
    with pytest.raises(InvalidPolicy, match="file is too large"):
        parse_policy("#" * 1_000_001)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(PolicyError, match=r"cannot be read in `policy`: `.*none\.yaml`; name a readable YAML file"):
        load_policy(tmp_path / "none.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("name: café".encode("latin-1"))
    with pytest.raises(PolicyError, match=r"cannot be read in `policy`"):
        load_policy(latin)


def test_text_is_what_it_looks_like():
    text = TOP + "vocabulary: {channels: [NO, on, 20:00, 2026-03-01, 0x1F]}\nrules: []\n"
    assert parse_policy(text).policy.vocabulary.channels == ("no", "on", "20:00", "2026-03-01", "0x1f")


def test_an_action_s_broken_condition_is_the_catalogue_s_fault():
    with pytest.raises(InvalidPolicy, match=r"^catalogue: unknown name `customer\.age` .*declare it under `context`"):
        loaded_text(CAP + "    limit: 2\n    window: 7d\n", action(eligibility="customer.age > 1"))
