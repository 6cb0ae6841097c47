"""The request for a certificate, validated before any data are read."""

from dataclasses import dataclass

from heed.decisioning.certificate import Loss
from heed.decisioning.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What to certify.

    Attributes
    ----------
    alpha : float
        Upper bound on the mean loss: a probability per contact in (0, 1) for harm, an amount per act for regret.
    delta : float
        Probability of error, in (0, 1).
    days : float
        Validity of the certificate.
    clip : float
        Largest inverse propensity, above 1. Contacts with a propensity below 1 / clip count as if it were 1 / clip, so
        the certificate covers them less.
    """

    loss: Loss = Loss.HARM
    alpha: float = 0.02
    delta: float = 0.1
    days: float = 90.0
    seed: int = 0
    clip: float = 20.0

    def __post_init__(self) -> None:
        checks = {
            "delta": (0.0 < self.delta < 1.0, self.delta, "give a probability between 0 and 1, such as 0.1"),
            "alpha": (
                self._alpha_valid,
                self.alpha,
                "give a probability for harm, or an amount for regret",
            ),
            "days": (self.days > 0.0, self.days, "give a number of days above 0"),
            "clip": (self.clip > 1.0, self.clip, "give a number above 1"),
        }
        for name, (valid, value, remedy) in checks.items():
            if not valid:
                raise InvalidInput("not a valid certificate request", field=name, value=value, remedy=remedy)

    @property
    def _alpha_valid(self) -> bool:
        return 0.0 < self.alpha < 1.0 if self.loss is Loss.HARM else self.alpha >= 0.0
