"""`heed evaluate --certify` and `--capacity`: what is asked, and what it adds to an evaluation."""

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
    from heed.training.reporting.report_section import ReportSection

_ALPHA = {Loss.HARM: 0.02, Loss.REGRET: 0.0}


@dataclass(frozen=True, slots=True)
class CertifyRequest:
    """What is wished for beside the evaluation.

    Attributes
    ----------
    certificate : CertificateRequest or None
        What to certify.
    capacities : tuple of float
        Numbers of review cases a day to read as thresholds.
    """

    certificate: "CertificateRequest | None"
    capacities: tuple[float, ...]


def certify_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of both."""
    for option in reversed(
        (
            click.option(
                "--certify",
                is_flag=True,
                help="Certify the least confidence at which a loss stays small, if it can be.",
            ),
            click.option(
                "--loss", type=click.Choice([one.value for one in Loss]), default=Loss.HARM.value, show_default=True
            ),
            click.option("--alpha", type=float, help="Largest mean loss: a share of contacts, or money per act."),
            click.option("--delta", type=float, default=0.1, show_default=True, help="Chance of being wrong."),
            click.option("--days", type=float, default=90.0, show_default=True, help="How long a certificate counts."),
            click.option("--capacity", multiple=True, type=float, help="Review cases a day; may be repeated."),
        )
    ):
        command = option(command)
    return command


def certify_request(
    model: str, seed: int, *, certify: bool, capacity: tuple[float, ...], loss: str, **asked: Any
) -> CertifyRequest:
    """What is wished for, refused before the work where it cannot be had.

    Raises
    ------
    InvalidInput
        If a number is out of bounds, or a model is to be certified that is not in the registry.
    """
    from heed.training.certificate.request import CertificateRequest

    if any(not one >= 0.0 for one in capacity):
        raise InvalidInput("nobody can settle fewer cases than none", field="capacity", value=min(capacity))
    if not certify:
        return CertifyRequest(None, capacity)
    if Path(model).is_dir():
        remedy = "name a version or an alias with --model"
        raise InvalidInput("only a registered model can be certified", field="model", value=model, remedy=remedy)
    kind = Loss(loss)
    alpha = _ALPHA[kind] if asked["alpha"] is None else asked["alpha"]
    return CertifyRequest(
        CertificateRequest(loss=kind, alpha=alpha, delta=asked["delta"], days=asked["days"], seed=seed), capacity
    )


def certify_model(found: "Assessment", asked: "CertificateRequest") -> "CertificationResult":
    """What can be certified by the contacts that were judged."""
    from heed.training.certificate.certify import certify

    return certify(found.served or found.bundle, found.material, asked, sealed=found.sealed, now=datetime.now(UTC))


def report_sections(
    found: "Assessment", finding: "CertificationResult | None", capacities: Sequence[float]
) -> tuple["ReportSection", ...]:
    """What the report says of both."""
    from heed.training.certificate.capacity import capacity_curve, recorded_flow
    from heed.training.reporting.certificate_section import capacity_section, certificate_section

    currency = found.bundle.catalogue.currency
    made = [] if finding is None else [certificate_section(finding, currency)]
    if capacities:
        of_all = found.counts.judged / max(found.counts.scored - found.counts.immature, 1)
        read = capacity_curve(recorded_flow(found.material, share=of_all), capacities)
        made.append(capacity_section(read, capacities, currency))
    return tuple(made)


def register_certified(
    found: "Assessment",
    finding: "CertificationResult",
    extras: Sequence["ReportSection"],
    tracking_uri: str,
    experiment: str,
    name: str,
) -> "CertifiedVersion | None":
    """The certified model as a new version in the place of the old; None where nothing could be certified."""
    from heed.training.features.feature_matrix import training_matrix
    from heed.training.pipeline.certificate_registration import register_certificate

    if finding.certificate is None:
        return None
    return register_certificate(
        tracking_uri,
        experiment,
        name,
        found.version,
        found.bundle,
        finding.certificate,
        files={name: content for extra in extras for name, content in extra.files.items()},
        example=training_matrix(found.bundle.schema, found.material.data, found.material.rows[:3]),
    )


def certified_message(made: "CertifiedVersion") -> str:
    """Where the certified model is, in words."""
    called = f", in place of the old one as {' and '.join(made.aliases)}" if made.aliases else ""
    return f"  certified: version {made.version}{called}"
