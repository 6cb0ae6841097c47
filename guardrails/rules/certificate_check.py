"""Check a model's certificate against the policy: its loss, its guarantee, its dates and its net values."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from heed.decisioning.certificate import Certificate, Loss, format_bound
from heed.decisioning.customer import Facts
from heed.guardrails.field_types import NonNegative, StrictModel
from heed.guardrails.rules.reason_text import format_moment


class CertificateRequirement(StrictModel):
    """The certificate that a confidence rule asks for.

    Attributes
    ----------
    required : bool
        Whether every act goes to review without a valid one. If false, the rule's own threshold applies instead.
    loss : Loss
        The loss that must be controlled.
    alpha : float
        Largest accepted mean loss: for harm a probability per contact, for regret an amount per act.
    delta : float
        Largest accepted probability that the certificate is wrong, in (0, 1).
    """

    required: Annotated[bool, Field(strict=True)] = True
    loss: Loss = Loss.HARM
    alpha: NonNegative = Field(examples=["0.02"])
    delta: Annotated[float, Field(strict=True, gt=0, lt=1, examples=["0.1"])]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.loss is Loss.HARM and not 0.0 < self.alpha < 1.0:
            raise ValueError("`alpha` of harm is a probability between 0 and 1")
        return self


def certificate_objection(
    demand: CertificateRequirement, certificate: Certificate | None, weighing: str, facts: Facts
) -> str | None:
    """Why the certificate is not valid, as a sentence; None where it is.

    Parameters
    ----------
    weighing : str
        Digest of how the policy computes net values.
    """
    if certificate is None:
        return "The model carries no certificate."
    if certificate.loss is not demand.loss:
        return f"The certificate is of {certificate.loss.value}, not of {demand.loss.value}."
    return (
        _date_problem(certificate, facts)
        or _guarantee_problem(demand, certificate)
        or _digest_problem(certificate, weighing)
    )


def _date_problem(certificate: Certificate, facts: Facts) -> str | None:
    if facts.now < certificate.certified_at:
        return f"The certificate does not count before {format_moment(certificate.certified_at)}."
    if facts.now >= certificate.valid_until:
        return f"The certificate expired on {format_moment(certificate.valid_until)}."
    return None


def _guarantee_problem(demand: CertificateRequirement, certificate: Certificate) -> str | None:
    if certificate.alpha > demand.alpha:
        required = format_bound(demand.loss, demand.alpha)
        return f"The certificate keeps {certificate.promise}, and {required} is asked for."
    if certificate.delta > demand.delta:
        required = f"{1.0 - demand.delta:.4g}"
        return f"The certificate keeps {certificate.promise}, and probability {required} is asked for."
    return None


def _digest_problem(certificate: Certificate, weighing: str) -> str | None:
    if certificate.weighing == weighing:
        return None
    return "The certificate was made for other terms of value or another catalogue than those in force."
