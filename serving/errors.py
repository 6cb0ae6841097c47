"""Errors of the service, besides those of `heed.decisioning.errors`.

HeedError
├── InvalidInput
│   ├── TooLarge           the body is larger than heed reads at once
│   ├── TooLong            the path and query are longer than heed reads
│   ├── HeadersTooLarge    the headers are larger than heed reads
│   └── NotJson            Content-Type is not application/json
├── Conflict
│   └── InFlight           the first request with this idempotency key is still being processed
├── Answered               an error whose response carries headers
│   ├── Unauthorized       missing or invalid API key
│   ├── Forbidden          the caller may not do this
│   └── TooMany            rate limit exceeded
├── StaleFacts             the customer's facts changed between decision and commit; decide again
├── Locked                 another process writes to this ledger (an Unavailable)
├── Tampered               a record or its key was changed, and cannot be decrypted
├── Erased                 the customer was erased, with everything recorded about them
└── Gone                   a model, policy or catalogue is missing, so its decisions cannot be replayed
"""

from collections.abc import Mapping

from heed.decisioning.errors import Conflict, HeedError, InvalidInput, Unavailable


class StaleFacts(HeedError):
    """The customer's facts changed after they were read. Nothing was recorded: decide again."""


class RequestInFlight(Conflict):
    """The first request with this key is still being processed. Retry to get its answer."""


class Tampered(Unavailable):
    """A record is not what was written, or was written under another key."""


class CustomerErased(HeedError):
    """The customer was erased. That there was a decision is on record; its content is not."""


class ArtifactMissing(HeedError):
    """A model, policy or catalogue that a decision used is missing, or has changed."""


class InsecureBind(Unavailable):
    """Other machines could reach a service that has no API keys. Nothing is served."""


class LedgerLocked(Unavailable):
    """Another process writes to this ledger."""


class BodyTooLarge(InvalidInput):
    """The body is larger than heed reads at once. Nothing of it was kept."""


class TargetTooLong(InvalidInput):
    """The path and query are longer than heed reads."""


class HeadersTooLarge(InvalidInput):
    """The headers are larger than heed reads."""


class NotJson(InvalidInput):
    """The Content-Type is missing, or is not application/json."""


class ErrorWithHeaders(HeedError):
    """An error whose response carries headers.

    Parameters
    ----------
    headers : mapping of str to str
        Names and values.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        value: object = None,
        remedy: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, field=field, value=value, remedy=remedy)
        self.headers = dict(headers or {})


class Unauthorized(ErrorWithHeaders):
    """Missing or invalid API key. Nothing was done."""


class Forbidden(ErrorWithHeaders):
    """The caller may not do this. Nothing was done."""


class RateLimited(ErrorWithHeaders):
    """Rate limit exceeded. Nothing was done: retry later."""
