"""What a decision rested on besides its facts, written down by its own hash so that it can be found again.

A policy file changes in place and a catalogue comes with a model or from a file: both are kept in the ledger, word for
word, before the first decision that names them. A model is kept by the registry.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from decisioning.canonical import canonical_json
from decisioning.catalogue import Action, Autonomy, Catalogue, MessageClass
from decisioning.certificate import Certificate
from decisioning.errors import HeedError
from decisioning.score import Scorer
from guardrails.guard import guard_of
from guardrails.loading import parse_policy
from serving.answer import ModelRef, PolicyRef, Versions
from serving.errors import Gone
from serving.in_force.in_force import InForce
from serving.ledger.records import Pin

POLICY, CATALOGUE = "policy", "catalogue"


@dataclass(frozen=True, slots=True)
class Model:
    """A model as far as a decision needs it; see `serving.in_force.in_force.InForce`."""

    scorer: Scorer
    level: float
    certificate: Certificate | None
    attribute_types: Mapping[str, str]


Models = Callable[[ModelRef], Model]
"""Finds the very model that is referred to, or raises `Gone`."""


class Pins(Protocol):
    """A ledger, as far as it keeps what decisions rested on."""

    def pinned(self, kind: str, digest: str) -> str | None:
        """The text under this hash, None where it was never kept."""
        ...


def pins_of(in_force: InForce) -> tuple[Pin, ...]:
    """What has to be kept so that decisions of this policy and this catalogue can be made again."""
    policy, catalogue = in_force.policy, in_force.catalogue
    return (
        Pin(POLICY, policy.hash, policy.content.decode()),
        Pin(CATALOGUE, catalogue.digest, canonical_json(catalogue).decode()),
    )


class Pinned:
    """Puts together again what was in force, piece by piece, and never something in its place.

    Parameters
    ----------
    pins : Pins
        Where policies and catalogues are.
    models : callable
        Where models are.
    """

    def __init__(self, pins: Pins, models: Models) -> None:
        self._pins = pins
        self._models = models
        self._found: dict[Versions, InForce | Gone] = {}

    def of(self, versions: Versions) -> InForce:
        """What these versions name.

        Raises
        ------
        Gone
            If one of them is not to be had any more, or is no longer what it was.
        """
        found = self._found.get(versions)
        if found is None:
            found = self._found[versions] = self._looked_for(versions)
        if isinstance(found, Gone):
            raise found
        return found

    def _looked_for(self, versions: Versions) -> InForce | Gone:
        try:
            return self._put_together(versions)
        except Gone as gone:
            return gone

    def _put_together(self, versions: Versions) -> InForce:
        catalogue = _catalogue(self._text(CATALOGUE, versions.catalogue))
        text = self._text(POLICY, versions.policy.hash)
        model = self._models(versions.model)
        try:
            guard = guard_of(parse_policy(text, source="the policy of the receipt"), catalogue, model.attribute_types)
        except HeedError as error:
            remedy = "use the version of heed that decided"
            raise Gone(f"this heed does not read the policy any more ({error})", remedy=remedy) from error
        named = Versions(versions.model, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
        if named != versions:
            remedy = "use the version of heed that decided"
            raise Gone("this heed reads the policy or the catalogue in another way", field="versions", remedy=remedy)
        return InForce(
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
        text = self._pins.pinned(kind, digest)
        if text is None or hashlib.sha256(text.encode()).hexdigest() != digest:
            state = "is not in the ledger" if text is None else "was changed in the ledger"
            raise Gone(f"the {kind} {state}", field=kind, value=digest, remedy="restore the ledger from a backup")
        return text


def _catalogue(text: str) -> Catalogue:
    """The catalogue whose canonical form this is."""
    stored = json.loads(text)
    return Catalogue(stored["currency"], tuple(_action(one) for one in stored["actions"]))


def _action(stored: Mapping[str, Any]) -> Action:
    typed = {
        "message_class": MessageClass(stored["message_class"]),
        "autonomy": Autonomy(stored["autonomy"]),
        **{name: _moment(stored[name]) for name in ("valid_from", "valid_until")},
    }
    return Action(**{**stored, **typed})


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
