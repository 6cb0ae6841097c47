"""What decides at this moment: one model, one policy and one catalogue, together and unchangeable."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.certificate import Certificate
from heed.decisioning.decide import Guard
from heed.decisioning.errors import HeedError, Unavailable
from heed.decisioning.kill_switch import Stop
from heed.decisioning.score import Scorer
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import LoadedPolicy
from heed.guardrails.policy.policy_model import Policy
from heed.guardrails.rules.volume_limit import VolumeLimit
from heed.serving.deployment.policy_file import PolicyFile, RejectedPolicy
from heed.serving.schemas.responses import PolicyRef, Versions

logger = logging.getLogger("heed.serving")


@dataclass(frozen=True, slots=True)
class ActiveVersions:
    """The parts of a decision besides its facts.

    Attributes
    ----------
    level : float
        The level of the model's intervals, in (0, 1).
    certificate : Certificate or None
        What the model carries; the rules see it with the scores, and whether it counts is for them to say.
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
        """The windows in which rules of the policy ask for volumes, None where none does."""
        return tuple(rule.window for rule in self.policy.rules if isinstance(rule, VolumeLimit)) or None

    @property
    def stop(self) -> Stop | None:
        """The policy's flag to stop everything, None where it is not given."""
        flag = self.policy.stop
        return None if flag is None else Stop(flag.reason, None, flag.effect)

    def under(self, loaded: LoadedPolicy) -> "ActiveVersions":
        """The same with another policy.

        Raises
        ------
        InvalidPolicy
            If it does not fit the catalogue; all faults are named.
        """
        guard = bind_policy(loaded, self.catalogue, self.attribute_types)
        versions = replace(self.versions, policy=PolicyRef(guard.policy.name, guard.hash))
        return replace(self, guard=guard, policy=guard.policy, versions=versions)

    def offered(self, named: Sequence[str] | None, now: datetime) -> tuple[Action, ...]:
        """The candidates of a request: those it names, or the whole catalogue, as far as they are valid now.

        Raises
        ------
        InvalidInput
            If an id is not in the catalogue.
        """
        if named is None:
            return self.catalogue.valid_at(now)
        return tuple(action for action in self.catalogue.named(named) if action.valid_at(now))


class VersionSource(Protocol):
    """Where the engine finds what is in force."""

    def current(self) -> ActiveVersions:
        """What is in force; raises Unavailable where a part is missing."""
        ...

    def latest(self) -> ActiveVersions:
        """The same, after a look at whether the policy file has changed."""
        ...


ModelUpdate = Callable[[ActiveVersions], ActiveVersions | None]


class DeploymentManager:
    """Holds what is in force once it could be loaded, and says why while it could not.

    A policy file that changes takes effect with the next decision: one value is put in the place of another, so that
    no decision sees parts of both. One that is no policy leaves the policy before it in force.

    Parameters
    ----------
    load : callable
        Loads model, policy and catalogue; slow, and raises a HeedError where one is missing or broken.
    file : PolicyFile or None
        Where the policy may change while the service runs.
    newer : callable
        Gives what is to take the place of what is in force, with a newer model, None where there is none; slow, and
        raises where it does not load.

    Attributes
    ----------
    model_error : str or None
        Why a newer model is not in force, None where there is none or it is.
    """

    def __init__(
        self, load: Callable[[], ActiveVersions], file: PolicyFile | None = None, newer: ModelUpdate = lambda _: None
    ) -> None:
        self._load = load
        self._file = file
        self._newer = newer
        self.model_error: str | None = None
        self._lock = Lock()
        self._in_force: ActiveVersions | None = None
        self._why = "nothing has been loaded yet"

    @property
    def ready(self) -> bool:
        """Whether decisions can be made."""
        return self._in_force is not None

    def current(self) -> ActiveVersions:
        """What is in force.

        Raises
        ------
        Unavailable
            While a part is missing, with the reason.
        """
        if self._in_force is None:
            remedy = "train and promote a model, or correct the policy; the service tries again by itself"
            raise Unavailable(f"heed cannot decide: {self._why}", remedy=remedy)
        return self._in_force

    def latest(self) -> ActiveVersions:
        """What is in force, after a look at the status of the policy file.

        Raises
        ------
        Unavailable
            While a part is missing, with the reason.
        """
        if self._file is not None and self._in_force is not None and self._file.moved():
            self.reload()
        return self.current()

    @property
    def refused(self) -> RejectedPolicy | None:
        """What the policy file says and heed does not take, None where the file is in force."""
        return None if self._file is None else self._file.refused

    def reload(self) -> bool:
        """Read the policy file and let it take effect if it is another and valid; whether it did."""
        with self._lock:
            if self._file is None or self._in_force is None:
                return False
            try:
                loaded = self._file.changed()
                if loaded is None:
                    return False
                found = self._in_force.under(loaded)
            except HeedError as error:
                self._file.refuse(error)
                return False
            done = self._put(found)
            # Only now: whoever looks meanwhile finds that the file has moved, and waits for the lock.
            self._file.accept()
            return done

    def renew(self) -> bool:
        """Let a newer model take effect if there is one; whether it did. Where it does not load the present one stays.

        What takes long happens beside the decisions that are made meanwhile; the exchange itself is one assignment.
        """
        before = self._in_force
        if before is None:
            return False
        try:
            found = self._newer(before)
        except Exception as error:  # noqa: BLE001  files that are broken raise anything, and the model in force stays
            self._keep_back(error)
            return False
        self.model_error = None
        if found is None:
            return False
        with self._lock:
            if self._in_force is not before:
                # The policy changed meanwhile: the next look binds the model to that one.
                return False
            return self._put(found)

    def _keep_back(self, error: Exception) -> None:
        why = _told(error)
        if why != self.model_error:
            logger.warning("a newer model does not load, and the one before it stays in force: %s", why)
        self.model_error = why

    def _put(self, found: ActiveVersions) -> bool:
        """Let this be in force from now on; False where the policy is the same in other words."""
        before, self._in_force = self._in_force, found
        if before is None or before.versions == found.versions:
            return False
        old, new = before.versions, found.versions
        if old.model != new.model:
            logger.info("model %s version %s is in force in place of %s", new.model.name, new.model.version,
                        old.model.version)  # fmt: skip
        else:
            logger.info("policy %s (%s) is in force in place of %s (%s)", new.policy.name, new.policy.hash,
                        old.policy.name, old.policy.hash)  # fmt: skip
        return True

    def try_load(self) -> bool:
        """Load once, unless that is done; what goes wrong is logged and kept as the reason."""
        with self._lock:
            if self._in_force is None:
                self._in_force = self._attempt()
        # The file may have changed since it was read with the rest.
        self.reload()
        return self.ready

    def _attempt(self) -> ActiveVersions | None:
        try:
            return self._load()
        except Exception as error:  # noqa: BLE001  files that are broken raise anything, and heed tries again
            why = _told(error)
            if why != self._why:
                logger.warning("not ready: %s", why)
            self._why = why
            return None


def _told(error: Exception) -> str:
    """What is wrong, in words; of what was not foreseen the kind alone."""
    return str(error) if isinstance(error, HeedError | OSError) else f"loading raised {type(error).__name__}"
