"""The form of a scenario: its source, its setup, its steps and the expected replies.

Unless a scenario says otherwise, its customers live in London, are reachable by e-mail and have consented to marketing
by e-mail, so that only the subject of the scenario holds a system back. A fact may have `ago: 3d` in place of its time.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, model_validator

from heed.guardrails.conformance.expectation import Expectation
from heed.guardrails.conformance.steps import (
    AnyStep,
    Burst,
    Collect,
    Decide,
    Executed,
    GivenPolicy,
    Merge,
    Settle,
    Text,
)
from heed.guardrails.field_types import StrictModel


class Source(StrictModel):
    """Where the failure is documented, or why it is a known trap.

    Attributes
    ----------
    cite : str or None
        The page, decision, standard or report.
    url : str or None
        Its URL.
    says : str
        What the source says, or why it is a trap.
    """

    says: Text
    cite: Text | None = None
    url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        if (self.cite is None) != (self.url is None):
            raise ValueError("a citation needs both `cite` and `url`")
        return self


class Given(StrictModel):
    """Setup of a scenario.

    Attributes
    ----------
    policy : list of rules, mapping or text
        The active policy; names refer to rules of `rules.yaml`.
    actions : tuple
        Actions on offer, by default the e-mail `mail`; names refer to actions of `rules.yaml`.
    customers : mapping of str to mapping
        The record of each customer, over the defaults. None is a customer whom the system does not know.
    """

    clock: AwareDatetime
    policy: GivenPolicy
    actions: tuple[str | Mapping[str, Any], ...] = ("mail",)
    customers: Mapping[Text, Mapping[str, Any] | None]


class Scenario(StrictModel):
    """One failure or trap, with the expected behavior.

    Every scenario has both an act and a restraint, so that neither a system that always acts nor one that never does
    can pass.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
    title: Text
    source: Source
    given: Given
    when: tuple[AnyStep, ...]
    then: tuple[Expectation, ...]

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        called = [step.called for step in self.when if step.called is not None]
        doubled = next((name for name in called if called.count(name) > 1), None)
        if doubled is not None:
            raise ValueError(f"two steps are called `{doubled}`")
        _require("step", _steps_named(self), set(called))
        _require("customer", _customers_named(self), set(self.given.customers))
        return self


class Theme(StrictModel):
    """A file of related scenarios."""

    theme: Text
    scenarios: tuple[Scenario, ...]


def _steps_named(scenario: Scenario) -> Iterator[str]:
    for expected in scenario.then:
        yield from expected.of
        if expected.same_as is not None:
            yield expected.same_as
    for step in scenario.when:
        if isinstance(step, Settle):
            yield step.case
        if isinstance(step, Executed):
            yield step.decision


def _customers_named(scenario: Scenario) -> Iterator[str]:
    for step in scenario.when:
        if isinstance(step, Decide):
            yield step.customer
        if isinstance(step, Burst | Collect):
            yield from step.customers
        if isinstance(step, Merge):
            yield from (step.kept, step.merged)


def _require(what: str, named: Iterator[str], known: set[str]) -> None:
    unknown = next((name for name in named if name not in known), None)
    if unknown is not None:
        raise ValueError(f"there is no {what} called `{unknown}`")
