"""A bundle as a directory of plain files: text, JSON and arrays, without executable code.

``booster.txt``           the trees, in LightGBM's text format
``deviations.npy``        posterior draws of leaf errors
``harm_booster.txt``      the same for the harm model, if there is one
``harm_deviations.npy``
``model.json``            outcome, calibration, uncertainty, uplift correction
``features.json``         the feature schema
``catalogue.json``        the actions it was trained on
``certificate.json``      the certified confidence threshold, if there is one
``card.json``             provenance and metrics, with the digest of the files above
``judged/``               for a refitted model, the same files of the evaluated model
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from heed.decisioning.canonical import canonical_json, digest, to_plain
from heed.decisioning.catalogue import Action, Autonomy, Catalogue, MessageClass
from heed.decisioning.certificate import Certificate
from heed.decisioning.score import ConfidenceMap
from heed.training.errors import TrainingError
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.bundle import Bundle
from heed.training.model.calibrators.pooled_calibration import PooledCalibration
from heed.training.model.certificate_json import certificate_from_dict, certificate_to_dict
from heed.training.model.heterogeneity import Heterogeneity
from heed.training.model.model_card import ModelCard
from heed.training.model.out_of_distribution import TrainingSupport
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.trees import read_trees
from heed.training.model.uncertainty import LeafPosterior
from heed.training.model.uplift_correction import UpliftCorrection

BOOSTER, DEVIATIONS, MODEL = "booster.txt", "deviations.npy", "model.json"
FEATURES, CATALOGUE, CARD, CERTIFICATE = "features.json", "catalogue.json", "card.json", "certificate.json"
HARM = "harm_"
SCORING_FILES = (BOOSTER, DEVIATIONS, MODEL, FEATURES, CATALOGUE)
EVALUATED = "judged"
# Format 2: every leaf has deviations. 3: only those of the first member may have them. 4: typical values for
# imputation. 5: a leeway of confidence, and shortest intervals.
FORMATS = (2, 3, 4, 5)


def with_digest(bundle: Bundle) -> Bundle:
    """The same bundle with the digest of its content."""
    return replace(bundle, digest=_digest(_scoring_files(bundle)))


def with_certificate(bundle: Bundle, certificate: Certificate | None) -> Bundle:
    """The same model with another certificate or none, and the digest that results."""
    return with_digest(replace(bundle, certificate=certificate))


def save_bundle(bundle: Bundle, directory: Path, judged: Bundle | None = None) -> None:
    """Write the files of a bundle into a directory, which is created if missing.

    Parameters
    ----------
    judged : Bundle or None
        The evaluated model, if this one was refitted after evaluation.
    """
    directory.mkdir(parents=True, exist_ok=True)
    card = {**bundle.card.to_dict(), "digest": bundle.digest}
    for name, content in {**_scoring_files(bundle), CARD: _pretty(card)}.items():
        (directory / name).write_bytes(content)
    if judged is not None:
        save_bundle(judged, directory / EVALUATED)


def load_evaluated_bundle(directory: Path) -> Bundle | None:
    """The evaluated model beside a refitted one; None if the bundle itself was evaluated.

    Raises
    ------
    TrainingError
        If it is missing or its digest differs from the card.
    """
    refit = load_bundle(directory).card.refit
    if refit is None:
        return None
    evaluated = load_bundle(directory / EVALUATED)
    if evaluated.digest != refit.judged:
        remedy = "download the complete bundle from the registry again"
        raise TrainingError(
            "the evaluated model is another one", field=EVALUATED, value=evaluated.digest, remedy=remedy
        )
    return evaluated


def load_bundle(directory: Path) -> Bundle:
    """Load the bundle stored in a directory.

    Raises
    ------
    TrainingError
        If a file is missing, has an unknown format, or was changed after saving.
    """
    files = {name: _read(directory / name) for name in (*SCORING_FILES, CARD)}
    if (directory / f"{HARM}{BOOSTER}").exists():
        files |= {name: _read(directory / name) for name in (f"{HARM}{BOOSTER}", f"{HARM}{DEVIATIONS}")}
    if (directory / CERTIFICATE).exists():
        files[CERTIFICATE] = _read(directory / CERTIFICATE)
    card = json.loads(files.pop(CARD))
    stated, actual = card.pop("digest", None), _digest(files)
    if stated != actual:
        remedy = "download the complete bundle from the registry again"
        raise TrainingError("a file of the bundle was changed", field="digest", value=actual, remedy=remedy)
    return _bundle(files, ModelCard.from_dict(card), actual)


def _bundle(files: Mapping[str, bytes], card: ModelCard, content_digest: str) -> Bundle:
    model = json.loads(files[MODEL])
    if model["format"] not in FORMATS:
        remedy = f"this heed reads formats {' and '.join(map(str, FORMATS))}; train again"
        raise TrainingError("unknown bundle format", field="format", value=model["format"], remedy=remedy)
    return Bundle(
        head=_head(files, model["head"], ""),
        harm=None if model["harm"] is None else _head(files, model["harm"], HARM),
        uplift=None if model["uplift"] is None else UpliftCorrection(**model["uplift"]),
        schema=FeatureSchema.from_dict(json.loads(files[FEATURES])),
        catalogue=_catalogue(json.loads(files[CATALOGUE])),
        outcome=model["outcome"],
        card=card,
        digest=content_digest,
        trust=ConfidenceMap(**model["trust"]),
        certificate=_certificate(files),
    )


def _certificate(files: Mapping[str, bytes]) -> Certificate | None:
    """The certificate, checked to belong to the files beside it."""
    if CERTIFICATE not in files:
        return None
    certificate = certificate_from_dict(json.loads(files[CERTIFICATE]))
    bare = _digest({name: content for name, content in files.items() if name != CERTIFICATE})
    if certificate.model_digest != bare:
        remedy = "certify this model: heed evaluate --certify"
        raise TrainingError("the certificate belongs to another model", field="model_digest", value=bare, remedy=remedy)
    return certificate


def _head(files: Mapping[str, bytes], stored: Mapping[str, Any], prefix: str) -> ProbabilityHead:
    deviations = np.load(io.BytesIO(files[f"{prefix}{DEVIATIONS}"]), allow_pickle=False)
    return ProbabilityHead(
        trees=read_trees(lightgbm.Booster(model_str=files[f"{prefix}{BOOSTER}"].decode())),
        calibration=PooledCalibration.from_dict(stored["calibration"]),
        posterior=LeafPosterior(deviations, stored["scale"], stored["level"], stored.get("shortest", False)),
        heterogeneity=Heterogeneity.from_dict(stored["hidden"]),
        support=TrainingSupport.from_dict(stored["novelty"]),
    )


def _scoring_files(bundle: Bundle) -> dict[str, bytes]:
    model = {
        "format": _format(bundle),
        "outcome": bundle.outcome,
        "head": _plain_head(bundle.head),
        "harm": None if bundle.harm is None else _plain_head(bundle.harm),
        "uplift": None if bundle.uplift is None else bundle.uplift.to_dict(),
        "trust": _plain_trust(bundle.trust),
    }
    return {
        **_trees(bundle.head, ""),
        **({} if bundle.harm is None else _trees(bundle.harm, HARM)),
        MODEL: _pretty(model),
        FEATURES: _pretty(bundle.schema.to_dict()),
        CATALOGUE: _pretty(to_plain(bundle.catalogue)),
        **({} if bundle.certificate is None else {CERTIFICATE: _pretty(certificate_to_dict(bundle.certificate))}),
    }


def _format(bundle: Bundle) -> int:
    """The oldest format that can hold the bundle, so that rewriting it keeps its digest."""
    heads = [bundle.head] if bundle.harm is None else [bundle.head, bundle.harm]
    if bundle.trust.leeway or any(head.posterior.shortest for head in heads):
        return 5
    if any(head.support.imputable.any() for head in heads):
        return 4
    return 2 if all(head.all_leaves_uncertain for head in heads) else 3


def _plain_trust(trust: ConfidenceMap) -> dict[str, float]:
    """Leave out a zero leeway, so that bundles from before there was one keep their digest."""
    return {name: value for name, value in asdict(trust).items() if name != "leeway" or value}


def _plain_head(head: ProbabilityHead) -> dict[str, Any]:
    return {
        "calibration": head.calibration.to_dict(),
        "scale": head.posterior.scale,
        "level": head.posterior.level,
        **({"shortest": True} if head.posterior.shortest else {}),
        "hidden": head.heterogeneity.to_dict(),
        "novelty": head.support.to_dict(),
    }


def _trees(head: ProbabilityHead, prefix: str) -> dict[str, bytes]:
    array = io.BytesIO()
    np.save(array, head.posterior.deviations, allow_pickle=False)
    text = head.trees.booster.model_to_string(num_iteration=-1)
    return {f"{prefix}{BOOSTER}": text.encode(), f"{prefix}{DEVIATIONS}": array.getvalue()}


def _digest(files: Mapping[str, bytes]) -> str:
    return digest({name: hashlib.sha256(content).hexdigest() for name, content in files.items()})


def _pretty(value: object) -> bytes:
    """Sorted and indented, for people who read the files."""
    return json.dumps(json.loads(canonical_json(value)), indent=1, sort_keys=True, ensure_ascii=False).encode()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        remedy = "give the directory of a complete bundle"
        raise TrainingError("a file of the bundle cannot be read", field="bundle", value=path, remedy=remedy) from error


def _catalogue(stored: Mapping[str, Any]) -> Catalogue:
    return Catalogue(stored["currency"], tuple(_action(action) for action in stored["actions"]))


def _action(stored: Mapping[str, Any]) -> Action:
    return Action(
        **{
            **stored,
            "message_class": MessageClass(stored["message_class"]),
            "autonomy": Autonomy(stored["autonomy"]),
            "valid_from": _moment(stored["valid_from"]),
            "valid_until": _moment(stored["valid_until"]),
        }
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
