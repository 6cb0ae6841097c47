"""Webhooks as the settings name them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from standardwebhooks import Webhook

from heed.decisioning.errors import InvalidInput
from heed.serving.delivery.service import DeliveryService
from heed.serving.delivery.webhooks.addresses import Target, parse_target
from heed.serving.delivery.webhooks.channels import FIELD, ChannelWebhook, parse_channels
from heed.serving.delivery.webhooks.endpoint import Endpoint, endpoint_name
from heed.serving.delivery.webhooks.http_transport import HttpTransport, system_resolver
from heed.serving.delivery.webhooks.signature import parse_secret
from heed.serving.delivery.webhooks.webhook_worker import WebhookWorker
from heed.serving.ledger.outbox import ChannelFilter
from heed.serving.settings import Settings

_RESOLVER_THREADS = 4


@dataclass(frozen=True, slots=True)
class WebhookConfig:
    """Where messages are pushed, and how."""

    target: Target
    endpoint: Endpoint
    allow_private: bool


def webhook_configs(settings: Settings) -> tuple[WebhookConfig, ...]:
    """The webhooks in the settings: the default one, if set, then those of single channels.

    Raises
    ------
    InvalidInput
        If a URL or a secret is invalid, or a URL has no secret.
    """
    webhooks = parse_channels(settings.webhook_channels)
    single = [_channel_config(settings, channel, webhook) for channel, webhook in sorted(webhooks.items())]
    if settings.webhook_url is None:
        return tuple(single)
    rest = ChannelFilter(tuple(sorted(webhooks)), others=True)
    return _config(settings, settings.webhook_url, "webhook_url", signing_keys(settings), None, rest), *single


def _channel_config(settings: Settings, channel: str, webhook: ChannelWebhook) -> WebhookConfig:
    field = f"{FIELD}.{channel}"
    keys = [_key(webhook.secret, f"{field}.secret")]
    if webhook.previous_secret is not None:
        keys.append(_key(webhook.previous_secret, f"{field}.previous_secret"))
    return _config(settings, webhook.url, f"{field}.url", tuple(keys), channel, ChannelFilter((channel,), others=False))


def _config(
    settings: Settings, url: SecretStr, field: str, keys: tuple[Webhook, ...], channel: str | None, reach: ChannelFilter
) -> WebhookConfig:
    plain, private = url.get_secret_value(), settings.webhook_allow_private
    target = parse_target(plain, allow_private=private, field=field)
    seconds, width = settings.webhook_seconds, settings.webhook_width
    return WebhookConfig(
        target, Endpoint(target.origin, endpoint_name(plain), keys, seconds, width, channel, reach), private
    )


def build_webhook_worker(
    config: WebhookConfig, *, delivery: DeliveryService, clock: Callable[[], datetime]
) -> WebhookWorker:
    """A worker that pushes messages to one executor."""
    endpoint = config.endpoint
    transport = HttpTransport(
        config.target,
        seconds=endpoint.seconds,
        width=endpoint.width,
        allow_private=config.allow_private,
        resolve=system_resolver(ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="heed-names")),
    )
    return WebhookWorker(delivery=delivery, endpoint=endpoint, transport=transport, clock=clock)


def signing_keys(settings: Settings) -> tuple[Webhook, ...]:
    """The signing keys, the current one first.

    Raises
    ------
    InvalidInput
        If there is no secret, or one is invalid.
    """
    if settings.webhook_secret is None:
        remedy = "set HEED_WEBHOOK_SECRET, which the executor has too"
        raise InvalidInput("a webhook needs a secret", field="webhook_secret", remedy=remedy)
    keys = [_key(settings.webhook_secret, "webhook_secret")]
    if settings.webhook_previous_secret is not None:
        keys.append(_key(settings.webhook_previous_secret, "webhook_previous_secret"))
    return tuple(keys)


def _key(secret: SecretStr, field: str) -> Webhook:
    return parse_secret(secret.get_secret_value(), field)
