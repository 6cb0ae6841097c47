"""Expand the short form of policies and actions in scenarios."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from heed.guardrails.conformance.scenario_files import SharedDefinitions
from heed.guardrails.conformance.steps import GivenPolicy


def build_policy(given: GivenPolicy, shared: SharedDefinitions) -> str:
    """Text of a policy file. Text is used unchanged; data is written as JSON, which is also YAML."""
    if isinstance(given, str):
        return given
    whole = dict(given) if isinstance(given, Mapping) else {"rules": given}
    rules = [_rule(rule, shared) for rule in whole.get("rules", ())]
    return json.dumps({**shared.policy, **whole, "rules": rules})


def build_actions(given: Sequence[str | Mapping[str, Any]], shared: SharedDefinitions) -> list[dict[str, Any]]:
    """The actions on offer: those named, and those given by their differences from the default one."""
    usual = shared.actions["mail"]
    return [{**usual, **(shared.actions[action] if isinstance(action, str) else action)} for action in given]


def _rule(given: str | Mapping[str, Any], shared: SharedDefinitions) -> dict[str, Any]:
    rule = shared.rules[given] if isinstance(given, str) else given
    return {"purpose": "What the scenario is about.", "owner": "conformance", **rule}
