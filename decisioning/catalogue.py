"""Actions that the business could take, and the catalogue that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from heed.decisioning.canonical import Scalar, digest
from heed.decisioning.errors import InvalidInput

HOLD = "hold"


class MessageClass(StrEnum):
    """Whether a message is advertising or service. Objections and most caps are about marketing."""

    MARKETING = "marketing"
    SERVICE = "service"


class Autonomy(StrEnum):
    """How far heed may go with an action. Guardrails apply at every level."""

    SHADOW = "shadow"
    SUGGEST = "suggest"
    ASSIST = "assist"

    @property
    def freedom(self) -> int:
        """0 for shadow, 1 for suggest, 2 for assist."""
        return list(Autonomy).index(self)


@dataclass(frozen=True, slots=True)
class Action:
    """An action that the business could take for a customer.

    Attributes
    ----------
    value : float
        Value of one outcome, in the catalogue's currency; at least 0.
    outcome : str
        The outcome type that counts as success.
    window_days : float
        How long after the contact the outcome counts.
    cost : float
        Cost of one contact, in the catalogue's currency; at least 0.
    valid_from, valid_until : datetime or None
        Half-open interval in which the action may be offered.
    eligibility : str or None
        CEL condition over the customer. Without one, every customer is eligible.
    attributes : mapping of str to scalar
        Further properties, used as features.
    topic : str or None
        Subject within the purpose. Consent to one topic is not consent to another.
    """

    action_id: str
    channel: str
    purpose: str
    category: str
    value: float
    outcome: str
    window_days: float
    cost: float = 0.0
    message_class: MessageClass = MessageClass.MARKETING
    autonomy: Autonomy = Autonomy.ASSIST
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    eligibility: str | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    topic: str | None = None

    def valid_at(self, now: datetime) -> bool:
        """Whether `now` lies in the half-open interval of validity."""
        started = self.valid_from is None or self.valid_from <= now
        return started and (self.valid_until is None or now < self.valid_until)


@dataclass(frozen=True)
class Catalogue:
    """The actions on offer, in one currency and a fixed order.

    Raises
    ------
    InvalidInput
        If two actions share an id or one is called ``hold``.
    """

    currency: str
    actions: tuple[Action, ...]

    def __post_init__(self) -> None:
        ids = [action.action_id for action in self.actions]
        doubled = sorted({action_id for action_id in ids if ids.count(action_id) > 1})
        if doubled:
            raise InvalidInput("two actions share one id", field="action_id", value=doubled[0])
        if HOLD in ids:
            raise InvalidInput("no action may be called hold", field="action_id", remedy="hold is always a candidate")

    @cached_property
    def by_id(self) -> Mapping[str, Action]:
        """Actions by their id."""
        return {action.action_id: action for action in self.actions}

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the catalogue's content."""
        return digest(self)

    def valid_at(self, now: datetime) -> tuple[Action, ...]:
        """The actions that may be offered at `now`, in catalogue order."""
        return tuple(action for action in self.actions if action.valid_at(now))

    def named(self, ids: Sequence[str]) -> tuple[Action, ...]:
        """The actions of these ids, in the order asked for.

        Raises
        ------
        InvalidInput
            If an id is not in the catalogue.
        """
        unknown = next((action_id for action_id in ids if action_id not in self.by_id), None)
        if unknown is not None:
            remedy = "name actions of the catalogue in force"
            raise InvalidInput("unknown action", field="candidates", value=unknown, remedy=remedy)
        return tuple(self.by_id[action_id] for action_id in ids)
