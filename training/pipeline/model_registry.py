"""The MLflow model registry: versions, aliases and bundle files.

MLflow is imported inside functions: it takes seconds, and its telemetry must be switched off first.
"""

import importlib
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from heed.decisioning.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION, CHALLENGER = "champion", "challenger"
BUNDLE = "bundle"
_NOISY = ("mlflow", "alembic")
# MLflow reports the second if the model exists and the alias does not.
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True, slots=True)
class BundleRef:
    """A registered model with local files.

    Attributes
    ----------
    path : Path
        The directory of the bundle.
    version : str
        Its registry version.
    run_id : str
        Its training run.
    """

    path: Path
    version: str
    run_id: str


@contextmanager
def quiet_mlflow() -> Iterator[None]:
    """MLflow without telemetry, progress output and the warnings of its dependencies."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with warnings.catch_warnings():
        # They concern calls between MLflow, SQLAlchemy and pandas, which users of heed cannot change.
        warnings.simplefilter("ignore")
        # Importing MLflow sets its logger levels, so it must come first.
        importlib.import_module("mlflow")
        levels = {name: logging.getLogger(name).level for name in _NOISY}
        try:
            _set_levels(dict.fromkeys(_NOISY, logging.WARNING))
            yield
        finally:
            _set_levels(levels)


def champion(tracking_uri: str, name: str = "heed", alias: str = CHAMPION) -> BundleRef:
    """The model with an alias, its files downloaded if needed.

    Raises
    ------
    Unavailable
        If the registry cannot be reached, or no version has the alias.
    """
    found = find_model_version(tracking_uri, name, alias)
    if found is None:
        message = f"no version of `{name}` is {alias}"
        raise Unavailable(message, field="model", value=name, remedy="train one: heed train --data DIR")
    return found


def find_model_version(tracking_uri: str, name: str = "heed", alias: str = CHAMPION) -> BundleRef | None:
    """The model with an alias, or None if there is none yet.

    Raises
    ------
    Unavailable
        If the registry cannot be reached, or the files are missing.
    """
    if not _exists(tracking_uri):
        return None
    with quiet_mlflow():
        version = _version(tracking_uri, name, alias)
        return None if version is None else _located(tracking_uri, name, version)


def resolve_model(tracking_uri: str, model: str, name: str = "heed") -> BundleRef:
    """The model of a version number or alias.

    Raises
    ------
    NotFound
        If there is no such version.
    Unavailable
        If the registry cannot be reached, no version has the alias, or the files are missing.
    """
    return _numbered(tracking_uri, model, name) if model.isdecimal() else champion(tracking_uri, name, model)


def version_aliases(tracking_uri: str, version: str, name: str = "heed") -> tuple[str, ...]:
    """The aliases of a version, sorted.

    Raises
    ------
    NotFound
        If there is no such version.
    """
    return tuple(sorted(_registered(tracking_uri, version, name).aliases))


def promote(tracking_uri: str, version: str, name: str = "heed", alias: str = CHAMPION) -> BundleRef:
    """Give a version the alias, even if its gates failed: it is a person's decision.

    Raises
    ------
    NotFound
        If there is no such version.
    Unavailable
        If its files are missing; the alias then does not move.
    """
    ref = _numbered(tracking_uri, version, name)
    with quiet_mlflow():
        _client(tracking_uri).set_registered_model_alias(name, alias, version)
    return ref


def sqlite_path(tracking_uri: str) -> Path | None:
    """The database file of a SQLite tracking URI, None for any other."""
    parts = urlsplit(tracking_uri)
    return Path(parts.path[1:]).absolute() if parts.scheme == "sqlite" else None


def _exists(tracking_uri: str) -> bool:
    """Whether the registry can exist: connecting would create an empty database, which takes seconds."""
    database = sqlite_path(tracking_uri)
    return database is None or database.exists()


def _numbered(tracking_uri: str, version: str, name: str) -> BundleRef:
    found = _registered(tracking_uri, version, name)
    with quiet_mlflow():
        return _located(tracking_uri, name, found)


def _registered(tracking_uri: str, version: str, name: str) -> "ModelVersion":
    remedy = "name a version that `heed train` registered"
    if not _exists(tracking_uri):
        raise NotFound("no such model version", field=name, value=version, remedy=remedy)
    with quiet_mlflow():
        from mlflow.exceptions import MlflowException

        try:
            return _client(tracking_uri).get_model_version(name, version)
        except MlflowException as error:
            raise NotFound("no such model version", field=name, value=version, remedy=remedy) from error


def _version(tracking_uri: str, name: str, alias: str) -> "ModelVersion | None":
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    remedy = "check the tracking URI and that its server runs"
    try:
        return _client(tracking_uri).get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in _ABSENT:
            return None
        raise Unavailable(f"the model registry does not answer ({error})", field="mlflow", remedy=remedy) from error
    except SQLAlchemyError as error:
        # The other lines are the SQL statement and a link.
        first = str(error).splitlines()[0]
        raise Unavailable(f"the model registry does not answer ({first})", field="mlflow", remedy=remedy) from error


def _client(tracking_uri: str) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def _located(tracking_uri: str, name: str, version: "ModelVersion") -> BundleRef:
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    source = f"models:/{name}/{version.version}"
    try:
        # Local files stay in place.
        where = _client(tracking_uri).get_model_version_download_uri(name, version.version)
        root = Path(download_artifacts(artifact_uri=where, tracking_uri=tracking_uri, registry_uri=tracking_uri))
    except (MlflowException, OSError) as error:
        remedy = "restore the artifacts or train again"
        raise Unavailable("the files of the model are missing", field="model", value=source, remedy=remedy) from error
    path = root / "data" / BUNDLE
    if not path.is_dir():
        remedy = "register models with `heed train`"
        raise Unavailable("the registered model contains no heed bundle", field="model", value=source, remedy=remedy)
    return BundleRef(path, str(version.version), str(version.run_id))


def _set_levels(levels: dict[str, int]) -> None:
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
