"""How long each stage of a decision took, for metrics, logs and traces; the clock is read once per stage."""

from time import perf_counter_ns

QUEUE, FACTS, SCORES, VERDICTS, ANSWER, COMMIT = "queue", "facts", "scores", "verdicts", "answer", "commit"
STAGES = (QUEUE, FACTS, SCORES, VERDICTS, ANSWER, COMMIT)


class StageTimings:
    """The stages of one decision; each begins where the one before ended.

    Attributes
    ----------
    laps : list of (str, int, int)
        Name, start and end in nanoseconds of a monotonic clock.
    """

    def __init__(self) -> None:
        self.began = self._last = perf_counter_ns()
        self.laps: list[tuple[str, int, int]] = []

    def lap(self, name: str) -> None:
        """End a stage. A stage that is repeated, with fresher facts, is another lap."""
        now = perf_counter_ns()
        self.laps.append((name, self._last, now))
        self._last = now

    @property
    def ended(self) -> int:
        """When the last stage ended."""
        return self._last

    @property
    def seconds(self) -> float:
        """All stages together."""
        return (self._last - self.began) / 1e9
