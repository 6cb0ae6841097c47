"""What serving raises beyond the tree of `decisioning.errors`.

HeedError
├── InvalidInput
│   ├── TooLarge           the body is larger than any request needs to be
│   └── NotJson            the body is not announced as JSON
├── Conflict
│   └── InFlight           the first request under the same idempotency key is still being answered
├── StaleFacts             the customer's facts changed between decision and commit; decide again
├── Tampered               a part of the record was changed, or its key: it cannot be opened
├── Erased                 the customer was erased, and what was said of them with it
└── Gone                   a version that decided is no longer to be had, so its decisions cannot be made again
"""

from decisioning.errors import Conflict, HeedError, InvalidInput, Unavailable


class StaleFacts(HeedError):
    """The facts a decision was made on are no longer the facts. Nothing was recorded: decide again."""


class InFlight(Conflict):
    """The first request under the same key is still being answered. Ask again: the answer will be there."""


class Tampered(Unavailable):
    """A part of the record is not what was written, or was written under another key."""


class Erased(HeedError):
    """The customer was erased. That something was decided is on record; what it was about is not."""


class Gone(HeedError):
    """A model, a policy or a catalogue that decided is no longer there, or no longer what it was."""


class TooLarge(InvalidInput):
    """The body is larger than heed reads at once. Nothing of it was kept."""


class NotJson(InvalidInput):
    """The body is announced as something other than JSON, or as nothing."""
