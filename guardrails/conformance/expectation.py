"""Expected replies of a scenario, and how actual replies differ."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from heed.guardrails.conformance.system import Outcome, Reply
from heed.guardrails.field_types import StrictModel

Replies = Mapping[str, Sequence[Reply]]


class Expectation(StrictModel):
    """Expected replies of one or more steps.

    Attributes
    ----------
    of : tuple of str
        Names of steps.
    outcome : Outcome or tuple of Outcome
        The outcome of every reply, or a choice of several.
    never : Outcome
        The outcome of no reply.
    acts : int
        Exact number of acts among all replies.
    at_most : int
        Largest number of acts.
    rule : str
        The rule that objected.
    same_as : str
        The step whose decision these replies repeat.
    """

    of: tuple[str, ...]
    outcome: Outcome | tuple[Outcome, ...] | None = None
    never: Outcome | None = None
    acts: Annotated[int, Field(ge=0)] | None = None
    at_most: Annotated[int, Field(ge=0)] | None = None
    rule: str | None = None
    action: str | None = None
    contact_point: str | None = None
    eligible_at: AwareDatetime | None = None
    same_as: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_step_is_a_list_of_one(cls, data: object) -> object:
        if isinstance(data, dict) and isinstance(data.get("of"), str):
            return {**data, "of": [data["of"]]}
        return data

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if self.model_fields_set <= {"of"}:
            raise ValueError("expects nothing")
        return self

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The allowed outcomes; empty where none are given."""
        if self.outcome is None:
            return ()
        return (self.outcome,) if isinstance(self.outcome, Outcome) else self.outcome


def differences(expected: Expectation, replies: Replies, point: str) -> Iterator[str]:
    """Differences from the expectation, one sentence each; `point` is the prefix of contact point names."""
    for name in expected.of:
        for reply in replies[name]:
            yield from (f"{name}: {sentence}" for sentence in _of_one(expected, reply, point))
    yield from _counted(expected, [reply for name in expected.of for reply in replies[name]])
    if expected.same_as is not None:
        first = {reply.decision for reply in replies[expected.same_as]}
        again = {reply.decision for name in expected.of for reply in replies[name]}
        if first != again or None in first:
            yield f"{', '.join(expected.of)}: not the decision of {expected.same_as} over again"


def _of_one(expected: Expectation, reply: Reply, point: str) -> Iterator[str]:
    because = f" ({reply.detail})" if reply.detail else ""
    if expected.outcomes and reply.outcome not in expected.outcomes:
        yield f"{reply.outcome.value} instead of {' or '.join(expected.outcomes)}{because}"
    if expected.never is not None and reply.outcome is expected.never:
        yield f"{reply.outcome.value}, which it must never be{because}"
    if expected.rule is not None and reply.tells_rule and reply.rule != expected.rule:
        yield f"rule {reply.rule} instead of {expected.rule}{because}"
    if expected.action is not None and expected.action not in (reply.action, reply.proposed):
        yield f"action {reply.action or reply.proposed} instead of {expected.action}"
    if expected.contact_point is not None and reply.contact_point != point + expected.contact_point:
        yield f"contact point {reply.contact_point} instead of {expected.contact_point}"
    if expected.eligible_at is not None and reply.eligible_at != expected.eligible_at:
        yield f"eligible again at {reply.eligible_at} instead of {expected.eligible_at}"


def _counted(expected: Expectation, replies: Sequence[Reply]) -> Iterator[str]:
    acts = sum(reply.outcome is Outcome.ACT for reply in replies)
    named = ", ".join(expected.of)
    if expected.acts is not None and acts != expected.acts:
        yield f"{named}: {acts} acts of {len(replies)} replies instead of {expected.acts}"
    if expected.at_most is not None and acts > expected.at_most:
        yield f"{named}: {acts} acts of {len(replies)} replies, at most {expected.at_most} are allowed"
