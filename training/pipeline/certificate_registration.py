"""A certified model as a new version in the registry: the same scores, and from where on it may act alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from heed.decisioning.certificate import Certificate
from heed.decisioning.errors import InvalidInput
from heed.decisioning.score import Floats
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_evaluated_bundle, with_certificate
from heed.training.pipeline.mlflow_run import RunContents, log_training_run, set_alias
from heed.training.pipeline.model_registry import aliases, resolve_model
from heed.training.pipeline.run_artifacts import artifacts


@dataclass(frozen=True, slots=True)
class CertifiedVersion:
    """Where the certified model went.

    Attributes
    ----------
    aliases : tuple of str
        What it is called now; the version that was certified was called so before.
    """

    version: str
    run_id: str
    aliases: tuple[str, ...]
    digest: str


def register_certificate(
    tracking_uri: str,
    experiment: str,
    model_name: str,
    version: str,
    bundle: Bundle,
    certificate: Certificate,
    *,
    files: Mapping[str, bytes],
    example: Floats,
) -> CertifiedVersion:
    """Register the model with its certificate, and give it every alias of the version that was certified.

    Parameters
    ----------
    version : str
        Of the model that was certified.
    files : mapping of str to bytes
        What is kept beside what the training kept, such as a picture.
    example : array of float, shape (n, columns)
        Rows that show what the model takes.

    Raises
    ------
    InvalidInput
        If the model is not from the registry.
    NotFound, Unavailable
        If there is no such version, or the registry does not answer.
    """
    if not version.isdecimal():
        remedy = "name a version or an alias with --model"
        raise InvalidInput("only a registered model can be certified", field="model", value=version, remedy=remedy)
    trained = resolve_model(tracking_uri, version, model_name)
    called = aliases(tracking_uri, version, model_name)
    made = with_certificate(bundle, certificate)
    kept = _kept(made, certificate, version, {**artifacts(tracking_uri, trained.run_id), **files}, example)
    judged = load_evaluated_bundle(trained.path)
    registered = log_training_run(tracking_uri, experiment, model_name, made, kept, judged=judged)
    for alias in called:
        set_alias(tracking_uri, model_name, alias, registered.version)
    return CertifiedVersion(registered.version, registered.run_id, called, made.digest)


def _kept(
    bundle: Bundle, certificate: Certificate, version: str, files: Mapping[str, bytes], example: Floats
) -> RunContents:
    seen, card = certificate.evidence, bundle.card
    return RunContents(
        parameters={
            "certified_version": version,
            "certified_loss": certificate.loss.value,
            "certified_alpha": certificate.alpha,
            "certified_delta": certificate.delta,
            "certified_data": certificate.data_digest,
        },
        metrics={
            **card.metrics,
            "certified_threshold": certificate.threshold,
            "certified_risk": seen.risk,
            "certified_upper": seen.upper,
            "certified_customers": float(seen.executed),
        },
        tags={
            "data_digest": card.data_digest,
            "bundle_digest": bundle.digest,
            "feature_schema_digest": bundle.schema.digest,
            "outcome": bundle.outcome,
            "certificate": certificate.promise,
            "valid_until": certificate.valid_until.isoformat(),
        },
        files=files,
        example=example,
    )
