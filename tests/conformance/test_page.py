"""The page shows the table as it is."""

from collections.abc import Mapping
from pathlib import Path

from guardrails.conformance.reading import read_scenarios
from guardrails.conformance.running import Result
from guardrails.conformance.table import markdown

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
MARK = "<!-- What follows is what `heed conformance --markdown` prints. -->\n\n"


def test_the_tables_of_the_page_are_those_of_a_run(results: Mapping[str, Result]) -> None:
    shown = PAGE.read_text(encoding="utf-8").partition(MARK)[2]
    assert shown == markdown(read_scenarios(), {"heed": list(results.values())})
