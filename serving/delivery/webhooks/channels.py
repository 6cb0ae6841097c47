"""Executors of single channels, as the settings name them."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError

from heed.decisioning.errors import InvalidInput

FIELD = "webhook_channels"
_REMEDY = 'give JSON as in {"sms": {"url": "https://...", "secret": "whsec_..."}}'


class ChannelWebhook(BaseModel):
    """Where the messages of one channel go.

    Attributes
    ----------
    url : SecretStr
        Its path may hold a token.
    secret, previous_secret : SecretStr
        As `HEED_WEBHOOK_SECRET` and `HEED_WEBHOOK_PREVIOUS_SECRET`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: SecretStr
    secret: SecretStr
    previous_secret: SecretStr | None = None


_WEBHOOKS = TypeAdapter(Mapping[str, ChannelWebhook])


def parse_channels(text: SecretStr | None) -> Mapping[str, ChannelWebhook]:
    """The executors by their channels, none where nothing is set.

    Raises
    ------
    InvalidInput
        If it is no such JSON. The message names the place and shows nothing of what stands there.
    """
    if text is None:
        return {}
    try:
        return _WEBHOOKS.validate_json(text.get_secret_value())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join((FIELD, *map(str, first["loc"])))
        because = "not JSON" if first["type"] == "json_invalid" else first["msg"]
    raise InvalidInput(because, field=where, remedy=_REMEDY)
