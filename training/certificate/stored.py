"""A certificate as plain JSON, and back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from decisioning.canonical import plain
from decisioning.certificate import Certificate, Evidence, Loss
from training.errors import TrainingError


def to_dict(certificate: Certificate) -> Any:
    """JSON-ready form, from which :func:`from_dict` makes an equal certificate."""
    return plain(certificate)


def from_dict(stored: Mapping[str, Any]) -> Certificate:
    """The certificate written by :func:`to_dict`.

    Raises
    ------
    TrainingError
        If a field is missing, unknown or has no such value.
    """
    try:
        given = {
            **stored,
            "loss": Loss(stored["loss"]),
            "evidence": Evidence(**stored["evidence"]),
            "grid": tuple(stored["grid"]),
            "certified_at": datetime.fromisoformat(stored["certified_at"]),
            "valid_until": datetime.fromisoformat(stored["valid_until"]),
            "assumptions": tuple(stored["assumptions"]),
        }
        return Certificate(**given)
    except (KeyError, TypeError, ValueError) as error:
        remedy = "take the whole bundle from the registry"
        raise TrainingError(f"not a certificate ({error})", field="certificate.json", remedy=remedy) from error
