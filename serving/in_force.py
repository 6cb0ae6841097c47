"""What decides at this moment: one model, one policy and one catalogue, together and unchangeable."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from decisioning.catalogue import Action, Catalogue
from decisioning.certificate import Certificate
from decisioning.decide import Guard
from decisioning.errors import HeedError, Unavailable
from decisioning.score import Scorer
from guardrails.policy import Policy
from guardrails.rules.volume_limit import VolumeLimit
from serving.answer import Versions

logger = logging.getLogger("heed.serving")


@dataclass(frozen=True, slots=True)
class InForce:
    """The parts of a decision besides its facts.

    Attributes
    ----------
    level : float
        The level of the model's intervals, in (0, 1).
    certificate : Certificate or None
        What the model carries; the rules see it with the scores, and whether it counts is for them to say.
    """

    scorer: Scorer
    guard: Guard
    policy: Policy
    catalogue: Catalogue
    versions: Versions
    level: float
    certificate: Certificate | None = None

    @property
    def windows(self) -> tuple[timedelta, ...] | None:
        """The windows in which rules of the policy ask for volumes, None where none does."""
        return tuple(rule.window for rule in self.policy.rules if isinstance(rule, VolumeLimit)) or None

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


class Standing(Protocol):
    """Where the engine finds what is in force."""

    def current(self) -> InForce:
        """What is in force; raises Unavailable where a part is missing."""
        ...


class Standby:
    """Holds what is in force once it could be loaded, and says why while it could not.

    Parameters
    ----------
    load : callable
        Loads model, policy and catalogue; slow, and raises a HeedError where one is missing or broken.
    """

    def __init__(self, load: Callable[[], InForce]) -> None:
        self._load = load
        self._lock = Lock()
        self._in_force: InForce | None = None
        self._why = "nothing has been loaded yet"

    @property
    def ready(self) -> bool:
        """Whether decisions can be made."""
        return self._in_force is not None

    def current(self) -> InForce:
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

    def try_load(self) -> bool:
        """Load once, unless that is done; what goes wrong is logged and kept as the reason."""
        with self._lock:
            if self._in_force is None:
                self._in_force = self._attempt()
            return self.ready

    def _attempt(self) -> InForce | None:
        try:
            return self._load()
        except (HeedError, OSError) as error:
            if str(error) != self._why:
                logger.warning("not ready: %s", error)
            self._why = str(error)
            return None
