"""`heed evaluate --certify` and `--capacity`: the options, and what they add to an evaluation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from heed.decisioning.certificate import Loss
from heed.decisioning.errors import InvalidInput

if TYPE_CHECKING:
    from heed.training.certificate.certify import CertificationResult
    from heed.training.certificate.request import CertificateRequest
    from heed.training.evaluation.assessment import Assessment
    from heed.training.pipeline.certificate_registration import CertifiedVersion
    from heed.training.reporting.blocks import ReportSection

_ALPHA = {Loss.HARM: 0.02, Loss.REGRET: 0.0}


@dataclass(frozen=True, slots=True)
class CertifyRequest:
    """What is requested beside the evaluation.

    Attributes
    ----------
    certificate : CertificateRequest or None
        What to certify.
    capacities : tuple of float
        Numbers of reviews a day for which to compute the threshold.
    """

    certificate: "CertificateRequest | None"
    capacities: tuple[float, ...]


def certify_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command."""
    for option in reversed(
        (
            click.option(
                "--certify",
                is_flag=True,
                help="Find the confidence above which heed may act without review, with a statistical guarantee.",
            ),
            click.option(
                "--loss",
                type=click.Choice([loss.value for loss in Loss]),
                default=Loss.HARM.value,
                show_default=True,
                help="What the certificate bounds.",
            ),
            click.option("--alpha", type=float, help="Largest mean loss: a share of contacts, or money per act."),
            click.option(
                "--delta", type=float, default=0.1, show_default=True, help="Probability that the guarantee fails."
            ),
            click.option("--days", type=float, default=90.0, show_default=True, help="Validity of the certificate."),
            click.option(
                "--capacity",
                multiple=True,
                type=float,
                help="Threshold for this many reviews a day; repeatable.",
            ),
        )
    ):
        command = option(command)
    return command


def certify_request(
    model: str, seed: int, *, certify: bool, capacity: tuple[float, ...], loss: str, **terms: Any
) -> CertifyRequest:
    """The request, validated before the work starts.

    Raises
    ------
    InvalidInput
        If a number is out of bounds, or the model to certify is not in the registry.
    """
    from heed.training.certificate.request import CertificateRequest

    if any(not reviews >= 0.0 for reviews in capacity):
        raise InvalidInput("the number of reviews cannot be negative", field="capacity", value=min(capacity))
    if not certify:
        return CertifyRequest(None, capacity)
    if Path(model).is_dir():
        remedy = "name a version or an alias with --model"
        raise InvalidInput("only a registered model can be certified", field="model", value=model, remedy=remedy)
    kind = Loss(loss)
    alpha = _ALPHA[kind] if terms["alpha"] is None else terms["alpha"]
    return CertifyRequest(
        CertificateRequest(loss=kind, alpha=alpha, delta=terms["delta"], days=terms["days"], seed=seed), capacity
    )


def certify_model(assessment: "Assessment", request: "CertificateRequest") -> "CertificationResult":
    """Certify the model on the evaluated contacts."""
    from heed.training.certificate.certify import certify

    model = assessment.served or assessment.bundle
    return certify(model, assessment.eval_data, request, sealed=assessment.test_set_only, now=datetime.now(UTC))


def report_sections(
    assessment: "Assessment", certification: "CertificationResult | None", capacities: Sequence[float]
) -> tuple["ReportSection", ...]:
    """The sections of the report about both."""
    from heed.training.certificate.capacity import capacity_curve, recorded_flow
    from heed.training.reporting.certificate_section import capacity_section, certificate_section

    currency = assessment.bundle.catalogue.currency
    sections = [] if certification is None else [certificate_section(certification, currency)]
    if capacities:
        counts = assessment.counts
        share = counts.judged / max(counts.scored - counts.immature, 1)
        curve = capacity_curve(recorded_flow(assessment.eval_data, share=share), capacities)
        sections.append(capacity_section(curve, capacities, currency))
    return tuple(sections)


def register_certified(
    assessment: "Assessment",
    certification: "CertificationResult",
    sections: Sequence["ReportSection"],
    tracking_uri: str,
    experiment: str,
    name: str,
) -> "CertifiedVersion | None":
    """Register the certified model in place of the old version; None if nothing could be certified."""
    from heed.training.features.feature_matrix import training_matrix
    from heed.training.pipeline.certificate_registration import register_certificate

    if certification.certificate is None:
        return None
    material = assessment.eval_data
    return register_certificate(
        tracking_uri,
        experiment,
        name,
        assessment.version,
        assessment.bundle,
        certification.certificate,
        files={name: content for section in sections for name, content in section.files.items()},
        example=training_matrix(assessment.bundle.schema, material.data, material.rows[:3]),
    )


def certified_message(registered: "CertifiedVersion") -> str:
    """Which version the certified model is."""
    aliases = f", in place of the old one as {' and '.join(registered.aliases)}" if registered.aliases else ""
    return f"  certified: version {registered.version}{aliases}"
