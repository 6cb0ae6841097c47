"""No contact without live consent for the contact point, channel and purpose. Unknown means no."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from decisioning.catalogue import Action
from decisioning.customer import Consent, ConsentStatus, Customer, Facts
from decisioning.verdict import Verdict
from guardrails.rules import words
from guardrails.rules.rule import Rule
from guardrails.settings import Word

EVERYTHING = "*"
_GRANTED, _WITHDRAWN = ConsentStatus.GRANTED, ConsentStatus.WITHDRAWN


class ConsentRule(Rule):
    """Asks for consent, or says with its purpose why none is needed.

    Attributes
    ----------
    required : bool
        False permits contact without consent, for instance for messages that a contract calls for.
    addressless : tuple of str
        Channels that reach a customer without a contact point, where a consent for the whole channel suffices.
    """

    kind: Literal["consent"]
    required: bool = Field(default=True, strict=True)
    addressless: Annotated[tuple[Word, ...], Field(examples=["[web]"])] = ()

    @property
    def permits(self) -> bool:
        """A rule that asks for no consent permits, so it needs to be sure of the jurisdiction."""
        return not self.required


def share(_: ConsentRule, action: Action) -> tuple[str, str]:
    """Actions of one channel and purpose get the same verdict."""
    return (action.channel, action.purpose)


def judge(rule: ConsentRule, facts: Facts, action: Action) -> Verdict:
    """Allow where consent is live for one contact point of the channel at least."""
    about = f"{action.channel} and {action.purpose}"
    if not rule.required:
        return rule.allow(f"No consent is asked for {about} by this rule.")
    customer, now = facts.customer, facts.now
    statements = concerning(customer.consents, action.channel, action.purpose, now)
    points = points_of(customer, action.channel)
    if not points and action.channel not in rule.addressless:
        return rule.suppress(f"No contact point for {action.channel} is known.")
    latest_for = [latest(statements, point) for point in points or (None,)]
    standing = [said for said in latest_for if said is not None]
    live = [said for said in standing if is_live(said, now)]
    if live:
        return rule.allow(f"Consent for {about} was given on {words.day(live[0].recorded_at)}.")
    return rule.suppress(_why_not(about, standing))


def live_contact_points(customer: Customer, channel: str, purpose: str, now: datetime) -> tuple[str, ...]:
    """Contact points of the channel with live consent for the purpose, in the order of their names."""
    statements = concerning(customer.consents, channel, purpose, now)
    return tuple(point for point in points_of(customer, channel) if is_live(latest(statements, point), now))


def concerning(consents: Sequence[Consent], channel: str, purpose: str, now: datetime) -> list[Consent]:
    """The statements that count for a channel and purpose at `now`.

    A grant must name both exactly and have been made; a withdrawal may say ``*`` for either, and counts even when it is
    dated after `now`: where clocks disagree, the customer's no is believed.
    """
    channels, purposes = (channel, EVERYTHING), (purpose, EVERYTHING)
    about = [said for said in consents if said.channel in channels and said.purpose in purposes]
    return [said for said in about if said.status == _WITHDRAWN or _grants(said, channel, purpose, now)]


def _grants(said: Consent, channel: str, purpose: str, now: datetime) -> bool:
    exact = said.channel == channel and said.purpose == purpose
    return exact and said.status == _GRANTED and said.recorded_at <= now


def latest(statements: Sequence[Consent], point: str | None) -> Consent | None:
    """The statement that stands for a contact point; of two made at once the withdrawal stands.

    Statements about the whole channel speak for each of its contact points. Where no contact point is known (None),
    a grant for one contact point grants nothing, and a withdrawal for one withdraws all.
    """
    own = [said for said in statements if _speaks_for(said, point)]
    if len(own) < 2:
        return own[0] if own else None
    return max(own, key=_weight)


def _speaks_for(said: Consent, point: str | None) -> bool:
    if said.contact_point is None or said.contact_point == point:
        return True
    return point is None and said.status == _WITHDRAWN


def _weight(said: Consent) -> tuple[datetime, bool]:
    return (said.recorded_at, said.status == _WITHDRAWN)


def is_live(said: Consent | None, now: datetime) -> bool:
    """Whether a statement is a grant that has not expired."""
    if said is None or said.status != _GRANTED:
        return False
    return said.expires_at is None or now < said.expires_at


def points_of(customer: Customer, channel: str) -> list[str]:
    """Contact points of the channel, in the order of their names."""
    return sorted({one.contact_point for one in customer.contact_points if one.channel == channel})


def _why_not(about: str, standing: Sequence[Consent]) -> str:
    said = max(standing, key=_weight, default=None)
    if said is None:
        return f"No consent for {about} is on record."
    if said.status == _WITHDRAWN:
        return f"Consent for {about} was withdrawn on {words.day(said.recorded_at)}."
    return f"Consent for {about} expired on {words.day(said.expires_at or said.recorded_at)}."
