"""A certified model as a new version in the registry: the same scores, and from where on it may act alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from heed.decisioning.certificate import Certificate
from heed.decisioning.errors import InvalidInput
from heed.decisioning.score import Floats
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_evaluated_bundle, with_certificate
from heed.training.pipeline.mlflow_run import RunContents, log_training_run, set_alias
from heed.training.pipeline.model_registry import resolve_model, version_aliases
from heed.training.pipeline.run_artifacts import read_artifacts


@dataclass(frozen=True, slots=True)
class CertifiedVersion:
    """The registered version of a certified model.

    Attributes
    ----------
    aliases : tuple of str
        Its aliases, taken over from the version that was certified.
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
    """Register the model with its certificate and move the aliases of the certified version to it.

    Parameters
    ----------
    version : str
        The version that was certified.
    files : mapping of str to bytes
        Further files beside those of the training run, such as figures.
    example : array of float, shape (n, columns)
        Input example of the model.

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
    certified = resolve_model(tracking_uri, version, model_name)
    aliases = version_aliases(tracking_uri, version, model_name)
    model = with_certificate(bundle, certificate)
    artifacts = {**read_artifacts(tracking_uri, certified.run_id), **files}
    contents = _run_contents(model, certificate, version, artifacts, example)
    evaluated = load_evaluated_bundle(certified.path)
    registered = log_training_run(tracking_uri, experiment, model_name, model, contents, evaluated=evaluated)
    for alias in aliases:
        set_alias(tracking_uri, model_name, alias, registered.version)
    return CertifiedVersion(registered.version, registered.run_id, aliases, model.digest)


def _run_contents(
    bundle: Bundle, certificate: Certificate, version: str, files: Mapping[str, bytes], example: Floats
) -> RunContents:
    evidence, card = certificate.evidence, bundle.card
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
            "certified_risk": evidence.risk,
            "certified_upper": evidence.upper,
            "certified_customers": float(evidence.executed),
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
