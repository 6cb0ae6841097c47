"""Run policy cases."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import Catalogue
from heed.decisioning.decide import Choice
from heed.decisioning.errors import InvalidInput, PolicyError
from heed.decisioning.net_value_digest import net_value_digest
from heed.decisioning.verdict import Effect, Verdict, combined_effect, decisive_verdict
from heed.guardrails.cases.case import Case, format_end
from heed.guardrails.guard import PolicyGuard, bind_policy
from heed.guardrails.policy.load import DEFAULT_POLICY, LoadedPolicy, load_policy, policy_from_data
from heed.guardrails.source_map import format_path
from heed.guardrails.yaml_positions import read_yaml

CASES = Path(__file__).parent
_TYPES: Mapping[type, str] = {bool: "bool", int: "float", float: "float", str: "string"}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Result of one case.

    Attributes
    ----------
    differences : tuple of str
        Differences from the expectation; empty when it held.
    """

    path: Path
    purpose: str
    verdicts: tuple[Verdict, ...]
    differences: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether the case met its expectation."""
        return not self.differences


def run_cases(path: Path = CASES, *, policy: Path | None = None) -> tuple[CaseResult, ...]:
    """Run one case, or all cases in a folder and its subfolders, in the order of their paths.

    Parameters
    ----------
    path : Path
        A case file or a folder; heed's own cases by default.
    policy : Path, optional
        A policy for all cases, instead of the one that each case names.

    Raises
    ------
    InvalidInput
        If there is no case at the path.
    PolicyError
        If a case or its policy cannot be read.
    """
    files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
    if not files:
        raise InvalidInput("no policy case found", field="path", value=path, remedy="name a folder of *.yaml cases")
    return tuple(run_case(file, policy=policy) for file in files)


def run_case(path: Path, *, policy: Path | None = None) -> CaseResult:
    """Run one case file; see :func:`run_cases`."""
    case = read_case(path)
    loaded = load_policy(policy) if policy is not None else _policy(case, path)
    verdicts = _verdicts(case, bind_policy(loaded, _catalogue(case), _attribute_types(case.customer.attributes)))
    return CaseResult(path, case.purpose, verdicts, tuple(_differences(case, verdicts)))


def read_case(path: Path) -> Case:
    """Read a case file.

    Raises
    ------
    PolicyError
        If it cannot be read or is not a valid case; the message has file, line and field.
    """
    try:
        document = read_yaml(path.read_text(encoding="utf-8"), str(path))
        return Case.model_validate(document.data)
    except (OSError, UnicodeDecodeError) as error:
        remedy = "name a YAML file in UTF-8"
        raise PolicyError("policy case cannot be read", field="path", value=path, remedy=remedy) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = f"{path}:{document.line(first['loc'])}"
        raise PolicyError(
            f"{place}: {first['msg']}", field=format_path(first["loc"]), remedy="see cases/case.py"
        ) from error


def _policy(case: Case, path: Path) -> LoadedPolicy:
    if not isinstance(case.policy, str):
        return policy_from_data(dict(case.policy), source=f"{path} (policy)")
    named = DEFAULT_POLICY.with_name(f"{case.policy}.yaml")
    return load_policy(named if named.exists() else path.parent / case.policy)


def _catalogue(case: Case) -> Catalogue:
    return Catalogue("EUR", (case.action.action(),))


def _attribute_types(attributes: Mapping[str, Scalar]) -> dict[str, str]:
    return {name: _TYPES[type(value)] for name, value in attributes.items() if value is not None}


def _verdicts(case: Case, guard: PolicyGuard) -> tuple[Verdict, ...]:
    facts, action = case.facts(), case.action.action()
    (verdicts,) = guard.verdicts(facts, [action])
    if not case.chosen:
        return verdicts
    confidence = 1.0 if case.confidence is None else case.confidence
    net_value = 1.0 if case.net_value is None else case.net_value
    digest = net_value_digest(guard.terms, (action,))
    certificate = None if case.certificate is None else case.certificate.certificate(digest)
    return verdicts + guard.choice_verdicts(facts, Choice(action, 0.1, net_value, confidence, certificate, case.harm))


def _differences(case: Case, verdicts: tuple[Verdict, ...]) -> Iterable[str]:
    expected, effect = case.expect, combined_effect(verdicts)
    if effect is not expected.effect:
        yield f"effect is {effect.value}, expected {expected.effect.value}"
    deciding = tuple(verdict.rule for verdict in verdicts if verdict.effect is effect and effect is not Effect.ALLOW)
    if deciding != expected.rules:
        yield f"decided by {_listed(deciding)}, expected {_listed(expected.rules)}"
    bound = decisive_verdict(verdicts)
    free = None if bound is None else bound.eligible_at
    if expected.eligible_at is not None and free != expected.eligible_at:
        yield f"eligible at {format_end(free)}, expected {format_end(expected.eligible_at)}"


def _listed(rules: tuple[str, ...]) -> str:
    return ", ".join(rules) or "no rule"
