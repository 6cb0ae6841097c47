import logging
import os
import warnings
from pathlib import Path

import pytest

from heed.decisioning.errors import NotFound, Unavailable
from heed.training.pipeline.mlflow_run import artifact_root
from heed.training.pipeline.model_registry import champion, find_model_version, promote, quiet_mlflow, sqlite_path


def uri(home: Path) -> str:
    return f"sqlite:///{home / 'mlflow.db'}"


def test_without_a_registry_there_is_no_champion_and_none_is_made(tmp_path: Path) -> None:
    assert find_model_version(uri(tmp_path / "new")) is None
    assert not (tmp_path / "new").exists()


def test_a_missing_champion_is_an_error_that_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no version of `heed` is champion.*heed train --data DIR"):
        champion(uri(tmp_path))


def test_an_empty_registry_has_neither_champion_nor_versions(tmp_path: Path) -> None:
    with quiet_mlflow():
        from mlflow import MlflowClient

        MlflowClient(tracking_uri=uri(tmp_path)).create_registered_model("heed")
    with pytest.raises(Unavailable, match=r"no version of `heed` is champion"):
        champion(uri(tmp_path))
    with pytest.raises(NotFound, match=r"no such model version in `heed`: `9`.*that `heed train` registered"):
        promote(uri(tmp_path), "9")
    with pytest.raises(Unavailable, match=r"no version of `other` is champion"):
        champion(uri(tmp_path), "other")


def test_a_registry_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database")
    with pytest.raises(Unavailable, match=r"registry does not answer .*file is not a database.*check the tracking URI"):
        champion(uri(tmp_path))


def test_quiet_switches_telemetry_off_and_puts_everything_else_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY", raising=False)
    with quiet_mlflow():
        pass
    before = logging.getLogger("mlflow").level, list(warnings.filters)
    with quiet_mlflow():
        assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
        assert logging.getLogger("mlflow").level == logging.WARNING
        warnings.warn("not for the user", UserWarning, stacklevel=1)
    assert (logging.getLogger("mlflow").level, list(warnings.filters)) == before


@pytest.mark.parametrize(
    ("given", "database", "files"),
    [
        ("sqlite:////home/heed/mlflow.db", "/home/heed/mlflow.db", "file:///home/heed/mlartifacts"),
        ("http://127.0.0.1:5000", None, None),
        ("postgresql://u@h/db", None, None),
    ],
    ids=["SQLite keeps files beside itself", "a server says where", "so does a database server"],
)
def test_where_files_are_kept(given: str, database: str | None, files: str | None) -> None:
    assert sqlite_path(given) == (None if database is None else Path(database))
    assert artifact_root(given) == files
