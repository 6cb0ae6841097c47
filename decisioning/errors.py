"""The exceptions that heed raises.

HeedError
├── InvalidInput      the caller's input is invalid; nothing was done
├── ContractError     engagement data violates the data contract
├── PolicyError       a policy file cannot be loaded; the active policy stays
├── NotFound          no such customer, decision or review case
├── Conflict          valid, but not in the present state: claimed by another, already settled, still in flight
├── KeyReused         an idempotency key was reused with another request
├── Refused           a guardrail forbids what a person asked for
└── Unavailable       a dependency is down; nothing is executed
"""


class HeedError(Exception):
    """An error with the offending field, its value and what to do about it.

    Parameters
    ----------
    message : str
        What is wrong, in general terms.
    field : str, optional
        Where: a JSON path, a column, a rule id, a setting.
    value : object, optional
        The offending value, shown shortened. Left out where it is personal data.
    remedy : str, optional
        What the caller can do.
    """

    def __init__(
        self, message: str, *, field: str | None = None, value: object = None, remedy: str | None = None
    ) -> None:
        self.message = message
        self.field = field
        self.value = value
        self.remedy = remedy
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        where = f" in `{self.field}`" if self.field is not None else ""
        what = f": `{shorten(self.value)}`" if self.value is not None else ""
        then = f"; {self.remedy}" if self.remedy else ""
        return f"{self.message}{where}{what}{then}"


class InvalidInput(HeedError):
    """The caller's input is invalid. Nothing was done and nothing was recorded."""


class ContractError(HeedError):
    """Engagement data violates the data contract."""


class PolicyError(HeedError):
    """A policy cannot be loaded. The active policy, if any, stays active."""


class NotFound(HeedError):
    """There is no customer, decision or review case of that id."""


class Conflict(HeedError):
    """The request is valid, but not in the present state of what it names."""


class KeyReused(HeedError):
    """An idempotency key was used before with another request."""


class Refused(HeedError):
    """A guardrail forbids what a person asked for."""


class Unavailable(HeedError):
    """A dependency is down. The answer is this error, never an unguarded act."""


def shorten(value: object, limit: int = 80) -> str:
    """Text of `value` for a message: at most `limit` characters. Both ends are kept, since paths differ at the end."""
    text = str(value)
    if len(text) <= limit:
        return text
    start, end = limit // 2, (limit - 1) // 2
    return f"{text[:start]}…{text[-end:]}"
