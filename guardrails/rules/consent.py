"""No contact without live consent for the contact point, channel, purpose and topic. Unknown means no.

The latest statement about the contact point or its whole channel applies; of two made at the same moment, the
withdrawal. A statement without a topic covers every topic. Where several consent rules apply to an action, each of them
must accept it, so the most restrictive one wins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Consent, ConsentStatus, Customer, Facts
from heed.decisioning.normalize import normalize_name
from heed.decisioning.verdict import Verdict
from heed.guardrails.field_types import LongDuration, NormalizedName, NormalizedNames
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.rule import Rule

EVERYTHING = "*"
_GRANTED, _WITHDRAWN = ConsentStatus.GRANTED, ConsentStatus.WITHDRAWN


class Enforcement(StrEnum):
    """Whether silence is a no (opt-in), or only a withdrawal is (opt-out)."""

    RESTRICTIVE = "restrictive"
    PERMISSIVE = "permissive"


class ConsentRule(Rule):
    """Requires consent, or states with its purpose why none is needed.

    Attributes
    ----------
    required : bool
        False permits contact without consent, for instance for messages that a contract requires.
    enforcement : Enforcement
        Permissive allows contact until consent is withdrawn. Its scope must name the jurisdictions with an opt-out
        regime, and it applies only to customers who are surely there.
    addressless : tuple of str
        Channels that need no contact point; there, consent for the whole channel suffices.
    bases : tuple of str or None
        Accepted bases of a grant. A grant on another or an unknown basis does not count then.
    expires_after : mapping of str to timedelta
        By basis, the longest validity of a grant, whatever the grant itself says.
    """

    kind: Literal["consent"]
    required: bool = Field(default=True, strict=True)
    enforcement: Enforcement = Enforcement.RESTRICTIVE
    addressless: Annotated[tuple[NormalizedName, ...], Field(examples=["[web]"])] = ()
    bases: NormalizedNames | None = Field(default=None, examples=["[express, implied]"])
    expires_after: Mapping[NormalizedName, LongDuration] = Field(default={}, examples=["{implied: 730d}"])

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.permissive and self.scope.jurisdictions is None:
            raise ValueError("`enforcement: permissive` names no `jurisdictions` in its scope")
        if not self.required and self.permissive:
            raise ValueError("`required: false` asks for no consent, so there is none to enforce")
        if not self.strict and (self.bases is not None or self.expires_after):
            raise ValueError("`bases` and `expires_after` are about grants, which this rule does not ask for")
        odd = [name for name in self.expires_after if self.bases is not None and name not in self.bases]
        if odd:
            raise ValueError(f"`expires_after` names `{odd[0]}`, which is not among the `bases`")
        return self

    @property
    def stands_until(self) -> datetime | None:
        """Never known: without a rule of this kind the guard itself suppresses."""
        return None

    @property
    def permissive(self) -> bool:
        """Whether only a withdrawal objects."""
        return self.enforcement is Enforcement.PERMISSIVE

    @property
    def strict(self) -> bool:
        """Whether a grant is required."""
        return self.required and not self.permissive

    @property
    def plain(self) -> bool:
        """Whether every grant is valid for as long as it states itself."""
        return self.bases is None and not self.expires_after

    @property
    def permits(self) -> bool:
        """A rule that requires no grant permits, so it must be sure of the jurisdiction."""
        return not self.strict


def sharing_key(_: ConsentRule, action: Action) -> tuple[str, str, str | None]:
    """Key: channel, purpose and topic."""
    return (action.channel, action.purpose, action.topic)


def evaluate(rule: ConsentRule, facts: Facts, action: Action) -> Verdict:
    """Allow where at least one contact point has live consent or, under permissive enforcement, no withdrawal."""
    about = _subject(action)
    if not rule.required:
        return rule.allow(f"No consent is asked for {about} by this rule.")
    points = _points_to_check(rule, facts.customer, action)
    if not points:
        return rule.suppress(f"No contact point for {action.channel} is known.")
    statements = _statements(rule, facts, action)
    latest = [latest_statement(statements, point) for point in points]
    accepted = [statement for statement in latest if _accepts(rule, statement, facts.now)]
    present = [statement for statement in latest if statement is not None]
    if not accepted:
        return rule.suppress(_refusal_reason(rule, about, present))
    grant = next((statement for statement in accepted if statement is not None and statement.status == _GRANTED), None)
    if grant is None:
        return rule.allow(f"Consent for {about} was not withdrawn.")
    return rule.allow(f"Consent for {about} was given on {reason_text.format_day(grant.recorded_at)}.")


def consented_points(rule: ConsentRule, facts: Facts, action: Action) -> list[str | None]:
    """The contact points that a rule accepts, ordered by name.

    None stands for the whole channel where it needs no contact point.
    """
    points = _points_to_check(rule, facts.customer, action)
    if not rule.required:
        return points
    statements = _statements(rule, facts, action)
    return [point for point in points if _accepts(rule, latest_statement(statements, point), facts.now)]


def live_contact_points(
    customer: Customer, channel: str, purpose: str, now: datetime, topic: str | None = None
) -> tuple[str, ...]:
    """Contact points of the channel with live consent for the purpose and topic, ordered by name."""
    statements = relevant_statements(customer.consents, channel, purpose, now, topic)
    return tuple(
        point for point in channel_points(customer, channel) if is_live_grant(latest_statement(statements, point), now)
    )


def relevant_statements(
    consents: Sequence[Consent], channel: str, purpose: str, now: datetime, topic: str | None = None
) -> list[Consent]:
    """The statements that count for a channel, purpose and topic at `now`.

    A grant must name channel and purpose exactly and must not be dated after `now`. A withdrawal may use ``*`` for
    either, and counts even when it is dated after `now`: where clocks disagree, the customer's no is believed. A
    statement about a topic covers no other topic, and no action without one.
    """
    channels, purposes = (channel, EVERYTHING), (purpose, EVERYTHING)
    about = [statement for statement in consents if statement.channel in channels and statement.purpose in purposes]
    same = [statement for statement in about if statement.topic is None or statement.topic == topic]
    return [
        statement for statement in same if statement.status == _WITHDRAWN or _grants(statement, channel, purpose, now)
    ]


def _grants(statement: Consent, channel: str, purpose: str, now: datetime) -> bool:
    exact = statement.channel == channel and statement.purpose == purpose
    return exact and statement.status == _GRANTED and statement.recorded_at <= now


def _statements(rule: ConsentRule, facts: Facts, action: Action) -> list[Consent]:
    """The statements that count for an action under the rule's terms."""
    statements = relevant_statements(facts.customer.consents, action.channel, action.purpose, facts.now, action.topic)
    return (
        statements
        if rule.plain
        else [read for statement in statements if (read := _under_terms(rule, statement)) is not None]
    )


def _under_terms(rule: ConsentRule, statement: Consent) -> Consent | None:
    """The statement limited by the rule's terms, None for a grant on a basis that the rule does not accept."""
    if statement.status == _WITHDRAWN:
        return statement
    basis = None if statement.basis is None else normalize_name(statement.basis)
    if rule.bases is not None and basis not in rule.bases:
        return None
    longest = None if basis is None else rule.expires_after.get(basis)
    if longest is None:
        return statement
    end = statement.recorded_at + longest
    return replace(statement, expires_at=end if statement.expires_at is None else min(end, statement.expires_at))


def latest_statement(statements: Sequence[Consent], point: str | None) -> Consent | None:
    """The statement that applies to a contact point; of two made at the same moment, the withdrawal.

    Statements about the whole channel cover each of its contact points. Where no contact point is known (None), a grant
    for one contact point grants nothing, and a withdrawal for one withdraws all.
    """
    own = [statement for statement in statements if _covers(statement, point)]
    if len(own) < 2:
        return own[0] if own else None
    return max(own, key=_weight)


def _covers(statement: Consent, point: str | None) -> bool:
    if statement.contact_point is None or statement.contact_point == point:
        return True
    return point is None and statement.status == _WITHDRAWN


def _weight(statement: Consent) -> tuple[datetime, bool]:
    return (statement.recorded_at, statement.status == _WITHDRAWN)


def _accepts(rule: ConsentRule, statement: Consent | None, now: datetime) -> bool:
    """Whether the rule accepts the statement that applies to a contact point."""
    if rule.permissive:
        return statement is None or statement.status != _WITHDRAWN
    return is_live_grant(statement, now)


def is_live_grant(statement: Consent | None, now: datetime) -> bool:
    """Whether a statement is a grant that has not expired."""
    if statement is None or statement.status != _GRANTED:
        return False
    return statement.expires_at is None or now < statement.expires_at


def channel_points(customer: Customer, channel: str) -> list[str]:
    """Contact points of the channel, ordered by name."""
    return sorted({point.contact_point for point in customer.contact_points if point.channel == channel})


def _points_to_check(rule: ConsentRule, customer: Customer, action: Action) -> list[str | None]:
    """The contact points to check, or None for the channel itself where it needs no contact point."""
    points: list[str | None] = [*channel_points(customer, action.channel)]
    return points or ([None] if action.channel in rule.addressless else [])


def _subject(action: Action) -> str:
    topic = "" if action.topic is None else f", on {action.topic}"
    return f"{action.channel} and {action.purpose}{topic}"


def _refusal_reason(rule: ConsentRule, about: str, standing: Sequence[Consent]) -> str:
    latest = max(standing, key=_weight, default=None)
    if latest is None:
        basis = "" if rule.bases is None else f" {reason_text.join_or(rule.bases)}"
        return f"No{basis} consent for {about} is on record."
    if latest.status == _WITHDRAWN:
        return f"Consent for {about} was withdrawn on {reason_text.format_day(latest.recorded_at)}."
    return f"Consent for {about} expired on {reason_text.format_day(latest.expires_at or latest.recorded_at)}."
