"""How a system came through the scenarios, as a table for people and as values for programs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from guardrails.conformance.reading import Told
from guardrails.conformance.running import Result, Verdict
from guardrails.conformance.scenario import Source


def counts(results: Sequence[Result]) -> dict[Verdict, int]:
    """How many scenarios came out in each way."""
    found = Counter(result.verdict for result in results)
    return {verdict: found[verdict] for verdict in Verdict}


def summary(results: Sequence[Result]) -> str:
    """The same in a line."""
    return ", ".join(f"{number} {verdict.value}" for verdict, number in counts(results).items())


def as_json(system: str, results: Sequence[Result]) -> Mapping[str, Any]:
    """All results for programs."""
    return {
        "system": system,
        "counts": {verdict.value: number for verdict, number in counts(results).items()},
        "scenarios": [_entry(result) for result in results],
    }


def markdown(told: Sequence[Told], results: Mapping[str, Sequence[Result]]) -> str:
    """One table per theme: scenarios with their sources, and a column for each system by name."""
    verdicts = {name: {one.told.scenario.id: one.verdict for one in found} for name, found in results.items()}
    parts = []
    for theme, group in groupby(told, key=lambda one: one.theme):
        parts += [f"## {theme}", "", *_table(list(group), verdicts), ""]
    return "\n".join(parts)


def _table(told: Sequence[Told], verdicts: Mapping[str, Mapping[str, Verdict]]) -> list[str]:
    head = ["scenario", "what must hold", "source", *verdicts]
    rows = [
        [
            f"`{one.scenario.id}`",
            one.scenario.title,
            _source(one.scenario.source),
            *(found[one.scenario.id].value if one.scenario.id in found else "" for found in verdicts.values()),
        ]
        for one in told
    ]
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _source(source: Source) -> str:
    said = " ".join(source.says.split())
    return said if source.cite is None else f"[{source.cite}]({source.url}): {said}"


def _entry(result: Result) -> dict[str, Any]:
    scenario = result.told.scenario
    return {
        "id": scenario.id,
        "theme": result.told.theme,
        "title": scenario.title,
        "source": scenario.source.model_dump(exclude_none=True),
        "verdict": result.verdict.value,
        "why": list(result.why),
    }
