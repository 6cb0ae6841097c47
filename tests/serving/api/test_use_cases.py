"""Routes call use cases: the import linter keeps them from importing the ledger, this from reaching for it."""

import ast
from pathlib import Path

from heed.serving import api


def test_no_route_reaches_for_the_ledger_or_the_versions_in_force() -> None:
    trees = [ast.parse(file.read_text()) for file in Path(api.__file__).parent.glob("*.py")]
    attributes = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert len(trees) > 10
    assert "services" in attributes
    assert not attributes & {"ledger", "deployment", "webhook_workers"}
