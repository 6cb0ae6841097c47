"""The MLflow registry: where models are kept, which is champion, and where its files are.

MLflow is imported when a function runs: it costs seconds, and it must find its telemetry switched off.
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
# MLflow answers with the second where the model is known and the alias is not.
_ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@dataclass(frozen=True, slots=True)
class BundleRef:
    """A registered model whose files are at hand.

    Attributes
    ----------
    path : Path
        The directory of the bundle.
    version : str
        In the registry.
    run_id : str
        The run that made it.
    """

    path: Path
    version: str
    run_id: str


@contextmanager
def quiet_mlflow() -> Iterator[None]:
    """MLflow without telemetry, without chatter, and without the warnings of its own dependencies."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with warnings.catch_warnings():
        # They speak of calls between MLflow, SQLAlchemy and pandas, about which a user of heed can do nothing.
        warnings.simplefilter("ignore")
        # Importing it sets the levels of its loggers, so it must come first.
        importlib.import_module("mlflow")
        levels = {name: logging.getLogger(name).level for name in _NOISY}
        try:
            _set_levels(dict.fromkeys(_NOISY, logging.WARNING))
            yield
        finally:
            _set_levels(levels)


def champion(tracking_uri: str, name: str = "heed", alias: str = CHAMPION) -> BundleRef:
    """The model under an alias, its files downloaded if they are not local.

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
    """The model under an alias, or None where there is none yet.

    Raises
    ------
    Unavailable
        If the registry cannot be reached or the files are gone.
    """
    if not _exists(tracking_uri):
        return None
    with quiet_mlflow():
        version = _version(tracking_uri, name, alias)
        return None if version is None else _located(tracking_uri, name, version)


def resolve_model(tracking_uri: str, model: str, name: str = "heed") -> BundleRef:
    """The model of a version, which is a whole number, or under an alias.

    Raises
    ------
    NotFound
        If there is no such version.
    Unavailable
        If the registry cannot be reached, no version has the alias, or the files are gone.
    """
    return _numbered(tracking_uri, model, name) if model.isdecimal() else champion(tracking_uri, name, model)


def aliases(tracking_uri: str, version: str, name: str = "heed") -> tuple[str, ...]:
    """What a version is called, in the order of the names; none where it is not called anything.

    Raises
    ------
    NotFound
        If there is no such version.
    """
    return tuple(sorted(_registered(tracking_uri, version, name).aliases))


def promote(tracking_uri: str, version: str, name: str = "heed", alias: str = CHAMPION) -> BundleRef:
    """Give a version the alias, whatever its gates said: this is a person's decision.

    Raises
    ------
    NotFound
        If there is no such version.
    Unavailable
        If its files are gone; the alias then stays where it was.
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
    """Whether there can be models: asking would make a whole database, which takes seconds, to find nothing in it."""
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
        # The rest of its text is a statement and a link.
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
        # Files that are local already stay where they are.
        where = _client(tracking_uri).get_model_version_download_uri(name, version.version)
        root = Path(download_artifacts(artifact_uri=where, tracking_uri=tracking_uri, registry_uri=tracking_uri))
    except (MlflowException, OSError) as error:
        remedy = "restore the artifacts or train again"
        raise Unavailable("the files of a model are gone", field="model", value=source, remedy=remedy) from error
    path = root / "data" / BUNDLE
    if not path.is_dir():
        remedy = "register models with `heed train`"
        raise Unavailable("the registered model holds no heed bundle", field="model", value=source, remedy=remedy)
    return BundleRef(path, str(version.version), str(version.run_id))


def _set_levels(levels: dict[str, int]) -> None:
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
