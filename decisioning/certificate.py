"""A certified threshold: the confidence above which heed may act without review, with its statistical guarantee."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Loss(StrEnum):
    """The controlled loss: harm per contact, or the regret of acting instead of holding."""

    HARM = "harm"
    REGRET = "regret"


@dataclass(frozen=True)
class Evidence:
    """The data behind a certificate.

    Attributes
    ----------
    contacts : int
        Recorded contacts in the sample.
    customers : int
        Their customers, who are independent of each other; contacts of one customer are not.
    executed : int
        Customers with a contact that heed would have made on its own at the threshold; for regret, customers for whom
        it would have acted.
    risk : float
        Their mean loss.
    upper : float
        Upper confidence bound of the loss at the threshold, at level delta.
    clipped : float
        Share of the inverse-propensity weight removed by clipping, in [0, 1).
    """

    contacts: int
    customers: int
    executed: int
    risk: float
    upper: float
    clipped: float = 0.0


@dataclass(frozen=True)
class Certificate:
    """Acting without review from this confidence on keeps the mean loss at most alpha, with probability 1 - delta.

    The probability is over the sampling of the evidence, under the stated assumptions.

    Attributes
    ----------
    loss : Loss
        The controlled loss.
    alpha : float
        For harm a probability per contact, in (0, 1); for regret an amount per act in the catalogue's currency.
    delta : float
        In (0, 1).
    threshold : float
        Lowest confidence at which heed may act without review, in [0, 1].
    method : str
        The test: ``binomial``, ``hoeffding-bentkus`` or ``betting``.
    grid : tuple of float
        The tested thresholds, strictest first, fixed before any loss was looked at.
    data_digest, model_digest : str
        Digests of the evidence's data, and of the model before this certificate was added to it.
    weighing : str
        Digest of how net values were computed; see :func:`heed.decisioning.net_value_digest.net_value_digest`.
    sealed : bool
        Whether the evidence is the held-out test set of the model's training data.
    certified_at, valid_until : datetime
        Half-open interval in which it is valid.
    assumptions : tuple of str
        What the guarantee assumes, in sentences.
    """

    loss: Loss
    alpha: float
    delta: float
    threshold: float
    evidence: Evidence
    method: str
    grid: tuple[float, ...]
    data_digest: str
    model_digest: str
    weighing: str
    sealed: bool
    certified_at: datetime
    valid_until: datetime
    assumptions: tuple[str, ...]

    @property
    def promise(self) -> str:
        """The guarantee, as a phrase for use within a sentence."""
        return (
            f"{self.loss.value} at most {format_bound(self.loss, self.alpha)} with probability {1.0 - self.delta:.4g}"
        )


def format_bound(loss: Loss, bound: float) -> str:
    """Text of a bound on a loss: a share of the contacts, or money per act."""
    return f"{100.0 * bound:.4g} %" if loss is Loss.HARM else f"{bound:.4g} per act"
