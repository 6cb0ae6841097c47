"""What a policy and a dictionary of feature names say about a training."""

from collections.abc import Mapping
from pathlib import Path

from heed.decisioning.errors import InvalidInput


def allowed_sensitive(policy: Path | None) -> frozenset[str]:
    """The sensitive attributes that a policy lets models use; by default of the policy shipped with heed.

    Raises
    ------
    PolicyError
        If the file is not a policy.
    """
    from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy

    return frozenset(load_policy(policy or DEFAULT_POLICY).policy.features.allow_sensitive)


def requires_certificate(policy: Path | None) -> bool:
    """Whether a policy requires a certificate before heed may act without review.

    See :class:`heed.guardrails.rules.certificate_check.CertificateRequirement`.

    Raises
    ------
    PolicyError
        If the file is not a policy.
    """
    from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy
    from heed.guardrails.rules.confidence import ConfidenceRule

    rules = load_policy(policy or DEFAULT_POLICY).policy.rules
    demands = [rule.certificate for rule in rules if isinstance(rule, ConfidenceRule)]
    return any(demand is not None and demand.required for demand in demands)


def feature_dictionary(path: Path) -> Mapping[str, str]:
    """What features are called, from a YAML file of ``name: words``.

    Raises
    ------
    InvalidInput
        If the file is something else.
    PolicyError
        If it is no YAML.
    """
    from heed.guardrails.yaml_positions import read_yaml

    try:
        document = read_yaml(path.read_text(encoding="utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise InvalidInput("not text", field="words", value=path, remedy="write the dictionary in UTF-8") from error
    told = document.data
    if not isinstance(told, dict):
        remedy = "write lines such as `segment: Segment of the customer`"
        raise InvalidInput("not a dictionary of features", field="words", value=path, remedy=remedy)
    wrong = next((name for name, words in told.items() if not isinstance(words, str)), None)
    if wrong is not None:
        place = f"{path}:{document.line((wrong,))}"
        raise InvalidInput(f"{place}: what a feature is called must be text", field=wrong, remedy="put it into quotes")
    return {name: words for name, words in told.items() if isinstance(words, str)}
