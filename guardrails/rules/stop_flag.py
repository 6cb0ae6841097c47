"""The stop flag of a policy file: everything is held, or sent to review, while it is set."""

from typing import Annotated, Literal

from pydantic import Field

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.kill_switch import STOP_RULE, Stop
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.field_types import StrictModel
from heed.guardrails.rules.rule import Rule


class StopFlag(StrictModel):
    """Stops everything: acts become hold or review.

    Attributes
    ----------
    reason : str
        Why; shown in decisions.
    disposition : str
        ``hold`` or ``review``.
    """

    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["The agency reported a wrong price."])]
    disposition: Annotated[Literal["hold", "review"], Field(examples=["hold"])] = "hold"

    @property
    def effect(self) -> Effect:
        """The effect of the verdict."""
        return Effect.SUPPRESS if self.disposition == "hold" else Effect.REVIEW


class StopRule(Rule):
    """The guard's own rule for the stop flag; it appears in no policy file."""

    flag: StopFlag


def stop_rule(flag: StopFlag) -> StopRule:
    """The rule for a stop flag."""
    return StopRule.model_construct(id=STOP_RULE, purpose="Everything is stopped.", owner="heed", flag=flag)


def sharing_key(_: StopRule, __: Action) -> None:
    """All actions get the same verdict."""
    return


def evaluate(rule: StopRule, _: Facts, __: Action) -> Verdict:
    """Object to everything."""
    return rule.against(rule.flag.effect, Stop(rule.flag.reason, None, rule.flag.effect).sentence)
