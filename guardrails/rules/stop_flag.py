"""The kill switch of a policy file: everything is held, or left to a person, for as long as the file says so."""

from typing import Annotated, Literal

from pydantic import Field

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.kill_switch import STOP_RULE, Stop
from heed.decisioning.verdict import Effect, Verdict
from heed.guardrails.field_types import StrictModel
from heed.guardrails.rules.rule import Rule


class StopFlag(StrictModel):
    """Stops everything: what would be done is held, or left to a person.

    Attributes
    ----------
    reason : str
        Why, for whoever meets it in a decision.
    disposition : str
        ``hold`` or ``review``.
    """

    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["The agency reported a wrong price."])]
    disposition: Annotated[Literal["hold", "review"], Field(examples=["hold"])] = "hold"

    @property
    def effect(self) -> Effect:
        """The same as a verdict's effect."""
        return Effect.SUPPRESS if self.disposition == "hold" else Effect.REVIEW


class StopRule(Rule):
    """No rule of any policy: the guard's own, over the policy's flag."""

    flag: StopFlag


def stop_rule(flag: StopFlag) -> StopRule:
    """The rule that a flag stands for."""
    return StopRule.model_construct(id=STOP_RULE, purpose="Everything is stopped.", owner="heed", flag=flag)


def share(_: StopRule, __: Action) -> None:
    """All actions get the same verdict."""
    return


def judge(rule: StopRule, _: Facts, __: Action) -> Verdict:
    """Object to everything."""
    return rule.against(rule.flag.effect, Stop(rule.flag.reason, None, rule.flag.effect).sentence)
