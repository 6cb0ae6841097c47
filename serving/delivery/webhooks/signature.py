"""Signatures of Standard Webhooks 1.0, by which an executor verifies origin, integrity and age."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

from heed.decisioning.errors import InvalidInput

PREFIX = "whsec_"
_FEWEST_BYTES, _MOST_BYTES = 24, 64


def parse_secret(secret: str, field: str) -> Webhook:
    """The key that a secret stands for: ``whsec_`` and 24 to 64 random bytes in base64.

    Raises
    ------
    InvalidInput
        If it is no such secret; the message names the setting `field` and not the secret.
    """
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(PREFIX) or not _FEWEST_BYTES <= len(key) <= _MOST_BYTES:
        remedy = f"give `{PREFIX}` and {_FEWEST_BYTES} to {_MOST_BYTES} random bytes in base64"
        raise InvalidInput("not a secret of Standard Webhooks", field=field, remedy=remedy)
    return Webhook(key)


def signature_headers(keys: Sequence[Webhook], message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one attempt, signed with every key so that secrets can be rotated without a gap.

    Parameters
    ----------
    message_id : str
        The same over all attempts.
    at : datetime
        The moment of the attempt; an executor refuses what is more than five minutes old.
    """
    # The library takes the wall time of whatever zone it is given for UTC.
    present, text = at.astimezone(UTC), body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(present.timestamp())),
        "webhook-signature": " ".join(key.sign(message_id, present, text) for key in keys),
    }
