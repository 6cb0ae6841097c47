"""Putting the couriers together from the settings."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from standardwebhooks import Webhook

from decisioning.errors import InvalidInput
from serving.executors.handing_over import HandingOver
from serving.ledger.ledger import Ledger
from serving.ledger.outbox.releasing import Reach
from serving.settings import Settings
from serving.webhooks.addresses import Target, target_of
from serving.webhooks.channels import FIELD, ChannelWebhook, read_channels
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


def pushing_of(settings: Settings) -> tuple[Pushing, ...]:
    """What the settings say of webhooks: the one of all channels, where there is one, then those of single channels.

    Raises
    ------
    InvalidInput
        If a URL or a secret is none, or there is a URL without a secret.
    """
    named = read_channels(settings.webhook_channels)
    single = [_to(settings, name, one) for name, one in sorted(named.items())]
    if settings.webhook_url is None:
        return tuple(single)
    rest = Reach(tuple(sorted(named)), others=True)
    return _pushing(settings, settings.webhook_url, "webhook_url", keys_of(settings), None, rest), *single


def _to(settings: Settings, channel: str, one: ChannelWebhook) -> Pushing:
    field = f"{FIELD}.{channel}"
    keys = [_key(one.secret, f"{field}.secret")]
    if one.previous_secret is not None:
        keys.append(_key(one.previous_secret, f"{field}.previous_secret"))
    return _pushing(settings, one.url, f"{field}.url", tuple(keys), channel, Reach((channel,), others=False))


def _pushing(
    settings: Settings, url: SecretStr, field: str, keys: tuple[Webhook, ...], channel: str | None, reach: Reach
) -> Pushing:
    plain, private = url.get_secret_value(), settings.webhook_allow_private
    target = target_of(plain, allow_private=private, field=field)
    seconds, width = settings.webhook_seconds, settings.webhook_width
    return Pushing(target, Endpoint(target.origin, name_of(plain), keys, seconds, width, channel, reach), private)


def courier_of(pushing: Pushing, *, ledger: Ledger, handing: HandingOver, clock: Callable[[], datetime]) -> Courier:
    """Who carries messages to one executor."""
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
