"""`import heed` offers the public names, and loads what stands behind one when it is used."""

import subprocess
import sys

import pytest

import heed
from heed.loaders import load_model

NAMES = {"decide", "load_policy", "load_model", "Client", "Facts", "Action", "Decision"}


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a new process has loaded after a statement."""
    code = f"import sys; {statement}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


def test_all_public_names_are_there_and_listed():
    assert set(heed.__all__) == NAMES
    assert set(dir(heed)) >= NAMES
    assert all(getattr(heed, name).__name__ == name for name in NAMES)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'heed' has no attribute 'dcide'"):
        heed.dcide  # noqa: B018 - reading it is what fails


def test_importing_heed_loads_nothing_else():
    assert modules_after("import heed") & {"httpx", "numpy", "pydantic", "yaml", "click"} == set()


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("from heed import Client", {"numpy", "pydantic", "mlflow", "bentoml", "lightgbm", "pandas", "sqlalchemy"}),
        ("from heed import Action, Decision, Facts, decide", {"httpx", "pydantic", "mlflow", "lightgbm", "pandas"}),
        ("from heed import load_policy", {"httpx", "mlflow", "bentoml", "lightgbm", "pandas", "sqlalchemy", "polars"}),
        ("from heed.cli import heed", {"mlflow", "bentoml", "lightgbm", "pandas", "numpy", "sqlalchemy", "httpx"}),
    ],
    ids=["the client", "the decision", "a policy", "the command line"],
)
def test_a_name_loads_only_what_it_needs(statement, absent):
    assert modules_after(statement) & absent == set()


def test_without_the_packages_of_a_model_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "heed.training.model.bundle_files", None)
    monkeypatch.setattr("heed.loaders.missing_extra", lambda error: f"lacks {error.name}")
    with pytest.raises(ImportError, match="lacks heed"):
        load_model(tmp_path)
