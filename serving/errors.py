"""What serving raises beyond the tree of `heed.decisioning.errors`.

HeedError
├── InvalidInput
│   ├── TooLarge           the body is larger than any request needs to be
│   ├── TooLong            the path and query are longer than any request's
│   ├── HeadersTooLarge    the headers are larger than any request's
│   └── NotJson            the body is not announced as JSON
├── Conflict
│   └── InFlight           the first request under the same idempotency key is still being answered
├── Answered               an error whose answer carries headers of its own
│   ├── Unauthorized       no key came, or one that opens nothing
│   ├── Forbidden          whoever asks may not do this
│   └── TooMany            more requests in a short time than one key may make
├── StaleFacts             the customer's facts changed between decision and commit; decide again
├── Locked                 another process writes to this ledger (an Unavailable)
├── Tampered               a part of the record was changed, or its key: it cannot be opened
├── Erased                 the customer was erased, and what was said of them with it
└── Gone                   a version that decided is no longer to be had, so its decisions cannot be made again
"""

from collections.abc import Mapping

from heed.decisioning.errors import Conflict, HeedError, InvalidInput, Unavailable


class StaleFacts(HeedError):
    """The facts a decision was made on are no longer the facts. Nothing was recorded: decide again."""


class RequestInFlight(Conflict):
    """The first request under the same key is still being answered. Ask again: the answer will be there."""


class Tampered(Unavailable):
    """A part of the record is not what was written, or was written under another key."""


class CustomerErased(HeedError):
    """The customer was erased. That something was decided is on record; what it was about is not."""


class ArtifactMissing(HeedError):
    """A model, a policy or a catalogue that decided is no longer there, or no longer what it was."""


class InsecureBind(Unavailable):
    """Others than this machine could reach a service that has no keys. Nothing is served."""


class LedgerLocked(Unavailable):
    """Another process writes to this ledger."""


class BodyTooLarge(InvalidInput):
    """The body is larger than heed reads at once. Nothing of it was kept."""


class TargetTooLong(InvalidInput):
    """The path and query are longer than heed reads."""


class HeadersTooLarge(InvalidInput):
    """The headers are larger than heed reads."""


class NotJson(InvalidInput):
    """The body is announced as something other than JSON, or as nothing."""


class ErrorWithHeaders(HeedError):
    """An error whose answer carries headers of its own.

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
    """No key came with the request, or one that opens nothing. Nothing was done."""


class Forbidden(ErrorWithHeaders):
    """Whoever asks may not do this. Nothing was done."""


class RateLimited(ErrorWithHeaders):
    """More requests in a short time than one key may make. Nothing was done: ask again later."""
