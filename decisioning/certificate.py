"""A certified threshold: the least confidence at which acting alone keeps a loss small, and on what that rests."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Loss(StrEnum):
    """What is kept small: harm per contact, or what acting costs against holding."""

    HARM = "harm"
    REGRET = "regret"


@dataclass(frozen=True)
class Evidence:
    """What a certificate was drawn from.

    Attributes
    ----------
    contacts : int
        Recorded contacts that were looked at.
    customers : int
        Whose they are; customers are independent of each other, contacts of one customer are not.
    executed : int
        Customers with a contact that heed would have made itself at the threshold; for regret, customers for whom it
        would have acted.
    risk : float
        Their mean loss.
    upper : float
        The least bound that the test does not reject at the threshold, at level delta.
    clipped : float
        Share of the inverse-propensity weight that clipping took away, in [0, 1).
    """

    contacts: int
    customers: int
    executed: int
    risk: float
    upper: float
    clipped: float = 0.0


@dataclass(frozen=True)
class Certificate:
    """Acting alone at this confidence or more keeps the mean loss at alpha or less, with probability 1 - delta.

    The probability is over the draw of the evidence, under the assumptions.

    Attributes
    ----------
    loss : Loss
        What is kept small.
    alpha : float
        For harm a probability per contact, in (0, 1); for regret an amount per act in the catalogue's currency.
    delta : float
        In (0, 1).
    threshold : float
        Least confidence at which heed may act alone, in [0, 1].
    method : str
        The test: ``binomial``, ``hoeffding-bentkus`` or ``betting``.
    grid : tuple of float
        The thresholds that were to be tested, strictest first, fixed before the losses were looked at.
    data_digest, model_digest : str
        Of the evidence's data, and of the model as it was before it carried this certificate.
    weighing : str
        Digest of how net values were reckoned; see :func:`heed.decisioning.net_value_digest.net_value_digest`.
    sealed : bool
        Whether the evidence is the sealed part of the data that the model was trained on.
    certified_at, valid_until : datetime
        Half-open interval in which it counts.
    assumptions : tuple of str
        What must hold, in sentences.
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
        """What is certified, as it reads within a sentence."""
        return (
            f"{self.loss.value} at most {format_bound(self.loss, self.alpha)} with probability {1.0 - self.delta:.4g}"
        )


def format_bound(loss: Loss, bound: float) -> str:
    """A bound on a loss in words: a share of the contacts, or money per act."""
    return f"{100.0 * bound:.4g} %" if loss is Loss.HARM else f"{bound:.4g} per act"
