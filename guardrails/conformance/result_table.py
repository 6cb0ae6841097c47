"""Results of scenarios as Markdown tables and as JSON."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from heed.guardrails.conformance.runner import ScenarioResult, ScenarioVerdict
from heed.guardrails.conformance.scenario import Source
from heed.guardrails.conformance.scenario_files import ThemedScenario


def count_verdicts(results: Sequence[ScenarioResult]) -> dict[ScenarioVerdict, int]:
    """Number of scenarios by verdict."""
    counts = Counter(result.verdict for result in results)
    return {verdict: counts[verdict] for verdict in ScenarioVerdict}


def format_summary(results: Sequence[ScenarioResult]) -> str:
    """The same as one line of text."""
    return ", ".join(f"{number} {verdict.value}" for verdict, number in count_verdicts(results).items())


def results_as_json(system: str, results: Sequence[ScenarioResult]) -> Mapping[str, Any]:
    """All results as plain data."""
    return {
        "system": system,
        "counts": {verdict.value: number for verdict, number in count_verdicts(results).items()},
        "scenarios": [_entry(result) for result in results],
    }


def results_as_markdown(scenarios: Sequence[ThemedScenario], results: Mapping[str, Sequence[ScenarioResult]]) -> str:
    """One table per theme: scenarios with their sources, and a column for each system."""
    verdicts = {
        name: {item.told.scenario.id: item.verdict for item in system_results}
        for name, system_results in results.items()
    }
    parts = []
    for theme, group in groupby(scenarios, key=lambda item: item.theme):
        parts += [f"## {theme}", "", *_table(list(group), verdicts), ""]
    return "\n".join(parts)


def _table(scenarios: Sequence[ThemedScenario], verdicts: Mapping[str, Mapping[str, ScenarioVerdict]]) -> list[str]:
    head = ["scenario", "what must hold", "source", *verdicts]
    rows = [
        [
            f"`{scenario.scenario.id}`",
            scenario.scenario.title,
            _source(scenario.scenario.source),
            *(
                by_scenario[scenario.scenario.id].value if scenario.scenario.id in by_scenario else ""
                for by_scenario in verdicts.values()
            ),
        ]
        for scenario in scenarios
    ]
    return [_row(head), _row(["---"] * len(head)), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _source(source: Source) -> str:
    text = " ".join(source.says.split())
    return text if source.cite is None else f"[{source.cite}]({source.url}): {text}"


def _entry(result: ScenarioResult) -> dict[str, Any]:
    scenario = result.told.scenario
    return {
        "id": scenario.id,
        "theme": result.told.theme,
        "title": scenario.title,
        "source": scenario.source.model_dump(exclude_none=True),
        "verdict": result.verdict.value,
        "why": list(result.why),
    }
