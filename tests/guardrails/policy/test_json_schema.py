"""Editors are told of the same policies that heed reads."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from heed.guardrails.policy.error_messages import rule_kinds
from heed.guardrails.policy.json_schema import policy_schema
from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy, policy_from_data
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.policy_errors import InvalidPolicy
from heed.guardrails.yaml_positions import read_yaml
from tests.support.guardrail_builders import CONSENT_RULE, policy, rule
from tests.support.paths import REPOSITORY


@cache
def schema() -> dict[str, Any]:
    return policy_schema()


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


CAP: dict[str, Any] = {"limit": 2, "window": "7d"}


def accepted(data: Any) -> bool:
    return validator().is_valid(data)


def test_the_schema_itself_is_one() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_policy_that_heed_ships_is_accepted_as_it_is_written() -> None:
    data = read_yaml(DEFAULT_POLICY.read_text(encoding="utf-8"), "default").data
    assert list(validator().iter_errors(data)) == []


def test_the_content_of_a_policy_is_accepted() -> None:
    content = load_policy(DEFAULT_POLICY).policy.model_dump(mode="json", by_alias=True)
    assert list(validator().iter_errors(content)) == []


@pytest.mark.parametrize(
    "case",
    sorted((REPOSITORY / "guardrails" / "cases").rglob("*.yaml")),
    ids=lambda path: f"{path.parent.name} {path.stem}",
)
def test_policies_written_out_in_cases_are_accepted(case: Path) -> None:
    data = read_yaml(case.read_text(encoding="utf-8"), str(case)).data
    written = data.get("policy", "default") if isinstance(data, dict) else None
    assert isinstance(written, str) or accepted(written)


BROKEN = [
    pytest.param(policy(rule("frequency_cap", limit=2)), id="a cap without a window"),
    pytest.param(policy(rule("frequency_cap", **{**CAP, "limit": "2"})), id="text for a number"),
    pytest.param(policy(rule("frequency_cap", **{**CAP, "window": 7})), id="a window without a unit"),
    pytest.param(policy(rule("frequency_cap", **{**CAP, "window": "7 days"})), id="a window in words"),
    pytest.param(policy(rule("frequency_cap", limt=2, **CAP)), id="a misspelt field"),
    pytest.param(policy(rule("frequncy_cap", "cap", **CAP)), id="a misspelt kind"),
    pytest.param(policy(rule("frequency_cap", per="chanel", **CAP)), id="a misspelt choice"),
    pytest.param(policy(rule("frequency_cap", scope={"chanels": ["email"]}, **CAP)), id="a misspelt scope"),
    pytest.param(policy(rule("frequency_cap", scope={"channels": []}, **CAP)), id="a scope of nothing"),
    pytest.param(policy(rule("quiet_hours", windows=[{"from": "25:00", "to": "08:00"}])), id="an hour of no clock"),
    pytest.param(policy(rule("quiet_hours", windows=[{"from_": "20:00", "to": "08:00"}])), id="a field as in the code"),
    pytest.param(policy(rule("confidence", act_at_least=1.5)), id="a share above one"),
    pytest.param(policy({**CONSENT_RULE, "id": "Not An Id"}), id="an id with capitals"),
    pytest.param(policy({k: v for k, v in CONSENT_RULE.items() if k != "owner"}), id="a rule that nobody owns"),
    pytest.param(policy(CONSENT_RULE, colour="red"), id="an unknown section"),
    pytest.param({"name": "test", "rules": []}, id="a policy without a version"),
    pytest.param(policy(CONSENT_RULE, context={"age": "int"}), id="a variable without a source"),
]


@pytest.mark.parametrize("data", BROKEN)
def test_a_broken_policy_is_rejected_by_both(data: Any) -> None:
    assert not accepted(data)
    with pytest.raises(InvalidPolicy, match="policy:"):
        policy_from_data(data)


@pytest.mark.parametrize("kind", sorted(rule_kinds()))
def test_every_kind_of_rule_is_known_with_a_description(kind: str) -> None:
    own = schema()["$defs"][rule_kinds()[kind].__name__]
    assert own["properties"]["kind"]["const"] == kind
    assert own["additionalProperties"] is False
    assert own["description"].endswith((".", ")"))
    assert "----" not in own["description"]


def test_fields_say_what_their_docstrings_say() -> None:
    cap = schema()["$defs"]["FrequencyCap"]["properties"]
    assert cap["limit"]["description"] == "Contacts allowed in the window, at least 0."
    assert cap["owner"]["description"] == "Who is responsible for it."
    assert schema()["properties"]["context"]["description"].startswith("Further variables of conditions")
    assert "except" in schema()["$defs"]["Scope"]["properties"]


def test_examples_are_what_they_stand_for() -> None:
    def examples(part: Any) -> list[Any]:
        if isinstance(part, dict):
            own = [(part, one) for one in part.get("examples", [])]
            return own + [one for inner in part.values() for one in examples(inner)]
        return [one for inner in part for one in examples(inner)] if isinstance(part, list) else []

    found = examples(schema())
    assert len(found) > 20
    for part, example in found:
        whole = {**part, "$defs": schema()["$defs"]}
        assert Draft202012Validator(whole).is_valid(example), (part, example)


def test_what_can_be_written_is_what_can_be_read() -> None:
    assert set(schema()["properties"]) == {field.alias or name for name, field in Policy.model_fields.items()}
