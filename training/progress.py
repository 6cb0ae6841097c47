"""Progress reporting without printing."""

from typing import Protocol


class Progress(Protocol):
    """Receives the steps of a long operation."""

    def step(self, name: str) -> None:
        """A step begins, named for people: "fitting the booster"."""
        ...


class NullProgress:
    """Ignores all steps."""

    def step(self, name: str) -> None:
        """Ignore the step."""
