"""Certificates as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from heed.decisioning.canonical import to_plain
from heed.decisioning.certificate import Certificate, Evidence, Loss
from heed.training.errors import TrainingError


def certificate_to_dict(certificate: Certificate) -> Any:
    """JSON-ready form, which :func:`certificate_from_dict` reads."""
    return to_plain(certificate)


def certificate_from_dict(stored: Mapping[str, Any]) -> Certificate:
    """The certificate written by :func:`certificate_to_dict`.

    Raises
    ------
    TrainingError
        If a field is missing, unknown or invalid.
    """
    try:
        fields = {
            **stored,
            "loss": Loss(stored["loss"]),
            "evidence": Evidence(**stored["evidence"]),
            "grid": tuple(stored["grid"]),
            "certified_at": datetime.fromisoformat(stored["certified_at"]),
            "valid_until": datetime.fromisoformat(stored["valid_until"]),
            "assumptions": tuple(stored["assumptions"]),
        }
        return Certificate(**fields)
    except (KeyError, TypeError, ValueError) as error:
        remedy = "download the complete bundle from the registry"
        raise TrainingError(f"not a certificate ({error})", field="certificate.json", remedy=remedy) from error
