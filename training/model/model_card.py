"""What is said about a model beside the model: where it comes from and how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from heed.decisioning.canonical import to_plain
from heed.training.errors import TrainingError


@dataclass(frozen=True, slots=True)
class RefitRecord:
    """That a model was fitted again after it had been judged, on the rows that judged it too.

    Attributes
    ----------
    rows : int
        How many contacts it was then fitted on.
    until : datetime
        When the last of them was. Only later ones can tell something that it did not learn.
    judged : str
        Digest of the model that was judged, which is kept beside it.
    """

    rows: int
    until: datetime
    judged: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Provenance of a model. None of it changes a score, so it is not part of the bundle's digest.

    Attributes
    ----------
    data_digest : str
        Digest of the engagement data it was learnt from.
    rows : mapping of str to int
        How many contacts each part had.
    base_rate : float
        Share of fitting contacts with the outcome.
    metrics : mapping of str to float
        On the sealed test part; of a refitted model, those of the one that was judged in its place.
    parameters : mapping
        How it was trained.
    calibration : mapping
        How its calibration was chosen.
    refit : RefitRecord or None
        Where it was fitted on the sealed part as well, once that had judged it.
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
        return {one.name: to_plain(getattr(self, one.name)) for one in fields(self)}

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
            remedy = "take the whole bundle from the registry"
            raise TrainingError(f"not a model card ({error})", field="card.json", remedy=remedy) from error


def _refit(stored: Mapping[str, Any] | None) -> RefitRecord | None:
    return None if stored is None else RefitRecord(**{**stored, "until": datetime.fromisoformat(stored["until"])})
