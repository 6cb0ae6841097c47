"""Where messages are pushed."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from standardwebhooks import Webhook

from heed.serving.ledger.outbox import ALL_CHANNELS, ChannelFilter


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An executor that messages are pushed to.

    Attributes
    ----------
    origin : str
        Scheme, host and port, which may be shown.
    name : str
        Its name in the ledger: a hash of its URL, whose path may hold a token.
    keys : sequence of Webhook
        Each of them signs every message.
    seconds : float
        Time limit of one attempt.
    width : int
        Most attempts at once.
    channel : str or None
        The one channel whose messages go there; None for all channels without an endpoint of their own.
    reach : ChannelFilter
        The same, as the ledger takes it.
    """

    origin: str
    name: str
    keys: Sequence[Webhook]
    seconds: float
    width: int
    channel: str | None = None
    reach: ChannelFilter = ALL_CHANNELS


def endpoint_name(url: str) -> str:
    """The name of the endpoint at a URL."""
    return hashlib.sha256(url.encode()).hexdigest()
