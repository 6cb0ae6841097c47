"""How the ledger's features are declared: a write with locks that fit it, a table with one module that writes it."""

import ast
import inspect
from collections import defaultdict
from pathlib import Path

import pytest

from heed.serving import ledger as package
from heed.serving.ledger import ledger
from heed.serving.ledger.backend.repository import Read, ReadNow, Repository, Write
from heed.serving.ledger.schema import SCHEMA

ROOT = Path(package.__file__).parent
FEATURES = [kind for _, kind in inspect.getmembers(ledger, inspect.isclass) if issubclass(kind, Repository)]
OPERATIONS = {
    f"{kind.__name__}.{name}": value
    for kind in FEATURES
    for name, value in vars(kind).items()
    if isinstance(value, Read | ReadNow | Write)
}
WRITING = {"insert", "update", "delete"}
WRITES = {name: value for name, value in OPERATIONS.items() if isinstance(value, Write)}


def arguments(operation: Read | ReadNow | Write) -> dict[str, None]:
    """A call that names every argument but those that every operation has."""
    given = [name for name in inspect.signature(operation.function).parameters if name not in ("transaction", "now")]
    return dict.fromkeys(given)


@pytest.mark.parametrize("name", WRITES)
def test_the_locks_of_a_write_take_its_arguments(name: str) -> None:
    inspect.signature(WRITES[name].locks).bind(None, **arguments(WRITES[name]))


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_prefetched_takes_the_arguments_of_the_operation(name: str) -> None:
    operation = OPERATIONS[name]
    now = (None,) if isinstance(operation, ReadNow) else ()
    inspect.signature(operation.prefetch).bind(None, *now, **arguments(operation))


def test_each_table_is_written_by_one_module() -> None:
    writers: dict[str, set[str]] = defaultdict(set)
    for path in ROOT.rglob("*.py"):
        if "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in WRITING and node.args:
                table = ast.unparse(node.args[0])
                if table in SCHEMA.tables:
                    writers[table].add(path.relative_to(ROOT).as_posix())
    assert {table: sorted(found) for table, found in writers.items() if len(found) > 1} == {}
    assert set(writers) == set(SCHEMA.tables)
