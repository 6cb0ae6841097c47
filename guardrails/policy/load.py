"""Load a policy from a YAML file. Every fault is reported with its file, line, rule and field."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from heed.decisioning.errors import PolicyError
from heed.guardrails.packs.pack import add_pack_rules
from heed.guardrails.policy.error_messages import repeats_other_error, to_fault
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.policy_errors import InvalidPolicy
from heed.guardrails.source_map import PlainData, SourceMap
from heed.guardrails.yaml_positions import read_yaml

DEFAULT_POLICY = Path(__file__).parents[1] / "policies" / "default.yaml"
# Prefix of the guard's own verdicts, so no rule may use it.
RESERVED_PREFIX = "heed-"


@dataclass(frozen=True)
class LoadedPolicy:
    """A policy with the parsed document, which knows the lines."""

    policy: Policy
    document: SourceMap


def load_policy(path: Path) -> LoadedPolicy:
    """Read a policy file.

    Raises
    ------
    PolicyError
        If the file cannot be read.
    InvalidPolicy
        If it is not a valid policy; it lists all faults.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        remedy = "name a readable YAML file in UTF-8"
        raise PolicyError("policy file cannot be read", field="policy", value=path, remedy=remedy) from error
    return parse_policy(text, source=str(path))


def parse_policy(text: str, *, source: str = "policy") -> LoadedPolicy:
    """Read a policy from YAML text; `source` is its name in messages.

    Raises
    ------
    InvalidPolicy
        If it is not a valid policy; it lists all faults.
    """
    return policy_from_document(read_yaml(text, source))


def policy_from_data(data: PlainData, *, source: str = "policy") -> LoadedPolicy:
    """Build a policy from plain data, as parsed from JSON; messages then have no lines.

    Raises
    ------
    InvalidPolicy
        If it is not a valid policy; it lists all faults.
    """
    return policy_from_document(SourceMap(source, data, {}))


def policy_from_document(document: SourceMap) -> LoadedPolicy:
    """Validate a document against the schema, with the packs that it names.

    Raises
    ------
    InvalidPolicy
        If it is not a valid policy; it lists all faults in the order of the file.
    """
    document = add_pack_rules(document)
    try:
        policy = Policy.model_validate(document.data)
    except ValidationError as error:
        faults = [
            to_fault(document, fault)
            for fault in error.errors(include_url=False)
            if not repeats_other_error(document, fault)
        ]
        raise InvalidPolicy(sorted(faults, key=lambda fault: fault.line or 0)) from error
    doubled = [
        document.fault("duplicate rule id", ("rules", place, "id"), value=rule.id, remedy="give each rule its own id")
        for place, rule in enumerate(policy.rules)
        if rule.id in {earlier.id for earlier in policy.rules[:place]}
    ]
    reserved = [
        document.fault(
            "rule id is reserved", ("rules", place, "id"), value=rule.id, remedy=f"drop the `{RESERVED_PREFIX}`"
        )
        for place, rule in enumerate(policy.rules)
        if rule.id.startswith(RESERVED_PREFIX)
    ]
    if doubled or reserved:
        raise InvalidPolicy([*doubled, *reserved])
    return LoadedPolicy(policy, document)
