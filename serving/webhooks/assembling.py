"""Putting the courier together from the settings."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from standardwebhooks import Webhook

from decisioning.errors import InvalidInput
from serving.handing_over import HandingOver
from serving.ledger.ledger import Ledger
from serving.settings import Settings
from serving.webhooks.addresses import Target, target_of
from serving.webhooks.courier import Courier, Endpoint, name_of
from serving.webhooks.sender import Sender, resolver
from serving.webhooks.signing import key_of

_RESOLVER_THREADS = 4


@dataclass(frozen=True, slots=True)
class Pushing:
    """Where messages are pushed, and how."""

    target: Target
    endpoint: Endpoint
    allow_private: bool


def pushing_of(settings: Settings) -> Pushing | None:
    """What the settings say of a webhook, None where they name none.

    Raises
    ------
    InvalidInput
        If the URL or a secret is none, or there is a URL without a secret.
    """
    if settings.webhook_url is None:
        return None
    url = settings.webhook_url.get_secret_value()
    target = target_of(url, allow_private=settings.webhook_allow_private)
    endpoint = Endpoint(
        target.origin, name_of(url), keys_of(settings), settings.webhook_seconds, settings.webhook_width
    )
    return Pushing(target, endpoint, settings.webhook_allow_private)


def courier_of(
    pushing: Pushing | None, *, ledger: Ledger, handing: HandingOver, clock: Callable[[], datetime]
) -> Courier | None:
    """Who carries messages to the executor, None where there is none to carry them to."""
    if pushing is None:
        return None
    endpoint = pushing.endpoint
    sender = Sender(
        pushing.target,
        seconds=endpoint.seconds,
        width=endpoint.width,
        allow_private=pushing.allow_private,
        resolve=resolver(ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="heed-names")),
    )
    return Courier(ledger=ledger, handing=handing, endpoint=endpoint, sender=sender, clock=clock)


def keys_of(settings: Settings) -> tuple[Webhook, ...]:
    """The keys that messages are signed by, the present one first.

    Raises
    ------
    InvalidInput
        If there is no secret, or one is none.
    """
    if settings.webhook_secret is None:
        remedy = "set HEED_WEBHOOK_SECRET, which the executor has too"
        raise InvalidInput("a webhook needs a secret", field="webhook_secret", remedy=remedy)
    keys = [_key(settings.webhook_secret, "webhook_secret")]
    if settings.webhook_previous_secret is not None:
        keys.append(_key(settings.webhook_previous_secret, "webhook_previous_secret"))
    return tuple(keys)


def _key(secret: SecretStr, field: str) -> Webhook:
    return key_of(secret.get_secret_value(), field)
