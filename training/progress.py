"""Telling whoever waits what is being done, without printing."""

from typing import Protocol


class Progress(Protocol):
    """Something that shows steps to a person."""

    def step(self, name: str) -> None:
        """Say what begins now, as a person would ("fitting the booster")."""
        ...


class NullProgress:
    """Shows nothing."""

    def step(self, name: str) -> None:
        """Ignore the step."""
