"""The kill switch: a stopped action is held or sent to review, and never executed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from heed.decisioning.catalogue import Action, MessageClass
from heed.decisioning.verdict import Effect, Verdict

STOP_RULE = "heed-stop"


@dataclass(frozen=True, slots=True)
class Stop:
    """An active order to stop.

    Attributes
    ----------
    reason : str
        Why, as given with the order.
    since : datetime or None
        When it was recorded; None for the stop flag of a policy.
    effect : Effect
        Suppress (hold) or review.
    channel, action_id, message_class : str, str, MessageClass or None
        Its scope: what matches every given value; everything where none is given.
    """

    reason: str
    since: datetime | None
    effect: Effect = Effect.SUPPRESS
    channel: str | None = None
    action_id: str | None = None
    message_class: MessageClass | None = None

    def covers(self, channel: str, action_id: str, message_class: MessageClass) -> bool:
        """Whether it stops an action or a contact."""
        return (
            self.channel in (None, channel)
            and self.action_id in (None, action_id)
            and self.message_class in (None, message_class)
        )

    @property
    def everything(self) -> bool:
        """Whether it stops everything."""
        return self.channel is None and self.action_id is None and self.message_class is None

    @property
    def scope(self) -> str:
        """Its scope as text: ``everything``, or as in ``channel sms, message class marketing``."""
        named = (("channel", self.channel), ("action", self.action_id), ("message class", self.message_class))
        return ", ".join(f"{name} {value}" for name, value in named if value is not None) or "everything"

    @property
    def sentence(self) -> str:
        """The reason of its verdict."""
        when = "by the policy" if self.since is None else f"since {self.since:%Y-%m-%d %H:%M} UTC"
        return f"Stopped {when} ({self.scope}): {self.reason}"


def decisive_stop(stops: Iterable[Stop], channel: str, action_id: str, message_class: MessageClass) -> Stop | None:
    """The stop that decides for an action, None where none covers it: suppress beats review, then the first."""
    covering = [stop for stop in stops if stop.covers(channel, action_id, message_class)]
    return min(covering, key=lambda stop: stop.effect is not Effect.SUPPRESS, default=None)


def add_stop_verdicts(
    stops: Sequence[Stop], actions: Sequence[Action], verdicts: tuple[tuple[Verdict, ...], ...]
) -> tuple[tuple[Verdict, ...], ...]:
    """The verdicts on the actions, preceded by that of the kill switch where it applies.

    It comes first, since of verdicts that are equally strong and last equally long the first is decisive.
    """
    if not stops:
        return verdicts
    return tuple((*_stop_verdict(stops, action), *given) for action, given in zip(actions, verdicts, strict=True))


def _stop_verdict(stops: Sequence[Stop], action: Action) -> tuple[Verdict, ...]:
    stop = decisive_stop(stops, action.channel, action.action_id, action.message_class)
    return () if stop is None else (Verdict(STOP_RULE, stop.effect, stop.sentence),)
