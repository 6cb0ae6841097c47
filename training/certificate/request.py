"""What is to be certified, checked before any data are looked at."""

from dataclasses import dataclass

from heed.decisioning.certificate import Loss
from heed.decisioning.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """What is to be certified.

    Attributes
    ----------
    alpha : float
        Largest mean loss: for harm a probability per contact, in (0, 1); for regret an amount per act, at least 0.
    delta : float
        Largest probability of being wrong, in (0, 1).
    days : float
        How long the certificate counts.
    clip : float
        Largest inverse propensity, above 1. Contacts that were less likely than 1 / clip count as if they had been
        that likely, so of them less is certified than of the others.
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
            "alpha": (self._possible, self.alpha, "give a probability per contact for harm, or an amount for regret"),
            "days": (self.days > 0.0, self.days, "give a number of days above 0"),
            "clip": (self.clip > 1.0, self.clip, "give a number above 1"),
        }
        for name, (holds, value, remedy) in checks.items():
            if not holds:
                raise InvalidInput("no certificate can be asked for like this", field=name, value=value, remedy=remedy)

    @property
    def _possible(self) -> bool:
        return 0.0 < self.alpha < 1.0 if self.loss is Loss.HARM else self.alpha >= 0.0
