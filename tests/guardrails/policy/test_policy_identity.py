import hashlib
import json

import pytest

from heed.decisioning.catalogue import Catalogue
from heed.guardrails.guard import load_guard
from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy, parse_policy, policy_from_data
from tests.support.guardrail_builders import CONSENT_RULE, action, guard, policy, rule

TEXT = DEFAULT_POLICY.read_text(encoding="utf-8")
DEFAULT = parse_policy(TEXT).policy


def changed(old, new, text=TEXT):
    assert old in text
    return parse_policy(text.replace(old, new, 1)).policy.hash


def without_comments(text):
    return "\n".join(line.split("  #")[0] for line in text.splitlines() if line.strip() and line.strip()[0] != "#")


SAME = {
    "comments": without_comments(TEXT),
    "blank lines": TEXT.replace("\n", "\n\n"),
    "quotes": TEXT.replace("window: 7d", 'window: "7d"'),
    "another unit": TEXT.replace("window: 7d", "window: 168h"),
    "a default written out": TEXT.replace("kind: suppression", "kind: suppression\n    mode: enforce"),
    "flow and block style": TEXT.replace("except: {channels: [web]}", "except:\n        channels:\n          - web"),
    "a whole number for a float": TEXT.replace("harm_cost: 20.0", "harm_cost: 20"),
}


@pytest.mark.parametrize("difference", list(SAME))
def test_a_policy_stays_the_same_under(difference):
    assert SAME[difference] != TEXT
    assert parse_policy(SAME[difference]).policy.hash == DEFAULT.hash


def test_the_order_of_keys_does_not_matter_and_the_order_of_rules_does():
    data = policy(CONSENT_RULE, rule("suppression"))
    own = policy_from_data(data).policy.hash
    assert policy_from_data(dict(reversed(data.items()))).policy.hash == own
    assert policy_from_data({**data, "rules": data["rules"][::-1]}).policy.hash != own


@pytest.mark.parametrize(
    ("old", "new"),
    [("version: 1", "version: 2"), ("limit: 2", "limit: 3"), ("owner: crm-team", "owner: sales-team"),
     ("harm_cost: 20.0", "harm_cost: 20.5"), ("to: 08:00", "to: 08:01")],
)  # fmt: skip
def test_a_policy_becomes_another_with(old, new):
    assert changed(old, new) != DEFAULT.hash


def test_the_content_is_itself_a_policy_file_of_the_same_hash():
    again = parse_policy(DEFAULT.content.decode()).policy
    assert again.hash == DEFAULT.hash
    assert again == DEFAULT
    assert json.loads(DEFAULT.content)["name"] == "default"


def test_the_hash_is_a_known_function_of_the_content():
    content = b'{"name":"test","rules":[],"version":1}'
    assert guard().policy.content == content
    assert guard().hash == hashlib.sha256(content).hexdigest()


def test_the_default_policy_fits_any_catalogue():
    for actions in ((), (action("letter", "post", purpose="fundraising", category="gift"),)):
        assert load_guard(DEFAULT_POLICY, Catalogue("USD", actions)).hash == load_policy(DEFAULT_POLICY).policy.hash


def test_the_default_policy_says_of_every_rule_why_and_whose():
    assert [one.id for one in DEFAULT.rules if len(one.purpose.split()) < 6 or not one.owner] == []
