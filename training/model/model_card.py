"""The model card: where a model comes from and how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from heed.decisioning.canonical import to_plain
from heed.training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class RefitRecord:
    """Record that a model was refitted after evaluation, on all rows including the test set.

    Attributes
    ----------
    rows : int
        Contacts of the refit.
    until : datetime
        Time of the last of them. Only later contacts are unseen by the model.
    judged : str
        Digest of the evaluated model, which is stored beside it.
    """

    rows: int
    until: datetime
    judged: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Provenance and quality of a model. It affects no score, so it is not part of the bundle's digest.

    Attributes
    ----------
    data_digest : str
        Digest of the engagement data it was trained on.
    rows : mapping of str to int
        Contacts in each part of the split.
    base_rate : float
        Share of training contacts with the outcome.
    metrics : mapping of str to float
        On the test set. For a refitted model they are those of the evaluated model, measured before refitting.
    parameters : mapping
        Hyperparameters.
    calibration : mapping
        How the calibration was selected.
    refit : RefitRecord or None
        Set if the model was refitted on all rows after evaluation.
    """

    name: str
    created_at: datetime
    data_digest: str
    seed: int
    split: str
    rows: Mapping[str, int]
    base_rate: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    calibration: Mapping[str, Any] = field(default_factory=dict)
    refit: RefitRecord | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {entry.name: to_plain(getattr(self, entry.name)) for entry in fields(self)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "ModelCard":
        """The card written by :meth:`to_dict`.

        Raises
        ------
        TrainingError
            If a field is missing or unknown.
        """
        try:
            made = datetime.fromisoformat(stored["created_at"])
            return cls(**{**stored, "created_at": made, "refit": _refit(stored.get("refit"))})
        except (KeyError, TypeError, ValueError) as error:
            remedy = "download the complete bundle from the registry"
            raise TrainingError(f"not a model card ({error})", field="card.json", remedy=remedy) from error


def _refit(stored: Mapping[str, Any] | None) -> RefitRecord | None:
    return None if stored is None else RefitRecord(**{**stored, "until": datetime.fromisoformat(stored["until"])})
