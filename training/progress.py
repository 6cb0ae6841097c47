"""Telling whoever waits what is being done, without printing."""

from typing import Protocol


class Progress(Protocol):
    """Something that shows steps to a person."""

    def step(self, name: str) -> None:
        """Say that a new step begins, named as a person would ("fit the booster")."""
        ...

    def within(self, done: int, total: int) -> None:
        """Say how far the present step is."""
        ...


class Silent:
    """Shows nothing."""

    def step(self, name: str) -> None:
        """Ignore the step."""

    def within(self, done: int, total: int) -> None:
        """Ignore how far it is."""
