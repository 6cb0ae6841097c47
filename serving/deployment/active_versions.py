"""The model, the policy and the catalogue in force, as one frozen value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.certificate import Certificate
from heed.decisioning.decide import Guard
from heed.decisioning.kill_switch import Stop
from heed.decisioning.score import Scorer
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import LoadedPolicy
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.rules.volume_limit import VolumeLimit
from heed.serving.schemas.responses import PolicyRef, Versions


@dataclass(frozen=True, slots=True)
class ActiveVersions:
    """All that a decision depends on besides its facts.

    Attributes
    ----------
    level : float
        The level of the model's intervals, in (0, 1).
    certificate : Certificate or None
        The model's certificate; rules see it with the scores and say whether it counts.
    attribute_types : mapping of str to str
        Customer attributes that the model knows, with their types, for the conditions of a policy.
    """

    scorer: Scorer
    guard: Guard
    policy: Policy
    catalogue: Catalogue
    versions: Versions
    level: float
    certificate: Certificate | None = None
    attribute_types: Mapping[str, str] = field(default_factory=dict)

    @property
    def windows(self) -> tuple[timedelta, ...] | None:
        """The windows over which rules of the policy count volumes, None where none does."""
        return tuple(rule.window for rule in self.policy.rules if isinstance(rule, VolumeLimit)) or None

    @property
    def stop(self) -> Stop | None:
        """The policy's own stop of everything, None where it has none."""
        flag = self.policy.stop
        return None if flag is None else Stop(flag.reason, None, flag.effect)

    def under(self, loaded: LoadedPolicy) -> "ActiveVersions":
        """The same versions with another policy.

        Raises
        ------
        InvalidPolicy
            If it does not fit the catalogue; all faults are named.
        """
        guard = bind_policy(loaded, self.catalogue, self.attribute_types)
        versions = replace(self.versions, policy=PolicyRef(guard.policy.name, guard.hash))
        return replace(self, guard=guard, policy=guard.policy, versions=versions)

    def offered(self, named: Sequence[str] | None, now: datetime) -> tuple[Action, ...]:
        """The candidates of a request: the actions it names, or the whole catalogue, as far as valid now.

        Raises
        ------
        InvalidInput
            If an id is not in the catalogue.
        """
        if named is None:
            return self.catalogue.valid_at(now)
        return tuple(action for action in self.catalogue.named(named) if action.valid_at(now))


class VersionSource(Protocol):
    """Where use cases find the versions in force."""

    def current(self) -> ActiveVersions:
        """The versions in force; raises `Unavailable` while one is missing."""
        ...

    def refresh(self) -> ActiveVersions:
        """The same, with the policy file read again if its status changed."""
        ...
