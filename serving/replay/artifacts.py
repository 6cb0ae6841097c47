"""Content-addressed artifacts that a decision depends on besides its facts.

A policy file changes in place, and a catalogue comes with a model or from a file. The ledger stores both verbatim,
before the first decision that names them. The registry keeps models.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from heed.decisioning.canonical import canonical_json
from heed.decisioning.catalogue import Action, Autonomy, Catalogue, MessageClass
from heed.decisioning.certificate import Certificate
from heed.decisioning.errors import HeedError
from heed.decisioning.score import Scorer
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import parse_policy
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.errors import ArtifactMissing
from heed.serving.ledger.decisions.artifacts import Artifact
from heed.serving.schemas.responses import ModelRef, PolicyRef, Versions

POLICY, CATALOGUE = "policy", "catalogue"


@dataclass(frozen=True, slots=True)
class ReplayModel:
    """A model as far as a decision needs it; see `heed.serving.deployment.active_versions.ActiveVersions`."""

    scorer: Scorer
    level: float
    certificate: Certificate | None
    attribute_types: Mapping[str, str]


ModelLoader = Callable[[ModelRef], ReplayModel]
"""Loads exactly the model of a reference, or raises `ArtifactMissing`."""


class ArtifactStore(Protocol):
    """Stored policies and catalogues."""

    def get(self, kind: str, digest: str) -> str | None:
        """The text with this hash, None where it was never stored."""
        ...


def artifacts_of(active: ActiveVersions) -> tuple[Artifact, ...]:
    """The artifacts needed to replay decisions of these versions."""
    policy, catalogue = active.policy, active.catalogue
    return (
        Artifact(POLICY, policy.hash, policy.content.decode()),
        Artifact(CATALOGUE, catalogue.digest, canonical_json(catalogue).decode()),
    )


class ArtifactResolver:
    """Restores the exact versions that a decision was made with; it never substitutes another.

    Parameters
    ----------
    pins : ArtifactStore
        Where policies and catalogues are.
    models : callable
        Where models are.
    """

    def __init__(self, pins: ArtifactStore, models: ModelLoader) -> None:
        self._pins = pins
        self._models = models
        self._cache: dict[Versions, ActiveVersions | ArtifactMissing] = {}

    def of(self, versions: Versions) -> ActiveVersions:
        """The model, policy and catalogue of these versions.

        Raises
        ------
        ArtifactMissing
            If one of them is no longer available, or has changed.
        """
        result = self._cache.get(versions)
        if result is None:
            result = self._cache[versions] = self._load(versions)
        if isinstance(result, ArtifactMissing):
            raise result
        return result

    def _load(self, versions: Versions) -> ActiveVersions | ArtifactMissing:
        try:
            return self._restore(versions)
        except ArtifactMissing as gone:
            return gone

    def _restore(self, versions: Versions) -> ActiveVersions:
        catalogue = _catalogue(self._text(CATALOGUE, versions.catalogue))
        text = self._text(POLICY, versions.policy.hash)
        model = self._models(versions.model)
        try:
            guard = bind_policy(
                parse_policy(text, source="the policy of the receipt"), catalogue, model.attribute_types
            )
        except HeedError as error:
            remedy = "use the version of heed that decided"
            raise ArtifactMissing(f"this heed does not read the policy any more ({error})", remedy=remedy) from error
        named = Versions(versions.model, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
        if named != versions:
            remedy = "use the version of heed that decided"
            raise ArtifactMissing(
                "this heed reads the policy or the catalogue in another way", field="versions", remedy=remedy
            )
        return ActiveVersions(
            model.scorer,
            guard,
            guard.policy,
            catalogue,
            named,
            model.level,
            model.certificate,
            model.attribute_types,
        )

    def _text(self, kind: str, digest: str) -> str:
        text = self._pins.get(kind, digest)
        if text is None or hashlib.sha256(text.encode()).hexdigest() != digest:
            state = "is not in the ledger" if text is None else "was changed in the ledger"
            raise ArtifactMissing(
                f"the {kind} {state}", field=kind, value=digest, remedy="restore the ledger from a backup"
            )
        return text


def _catalogue(text: str) -> Catalogue:
    """The catalogue whose canonical form this is."""
    stored = json.loads(text)
    return Catalogue(stored["currency"], tuple(_action(action) for action in stored["actions"]))


def _action(stored: Mapping[str, Any]) -> Action:
    typed = {
        "message_class": MessageClass(stored["message_class"]),
        "autonomy": Autonomy(stored["autonomy"]),
        **{name: _moment(stored[name]) for name in ("valid_from", "valid_until")},
    }
    return Action(**{**stored, **typed})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
