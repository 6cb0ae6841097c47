"""Where the model comes from: the registry's champion, the model packed into a Bento, or a folder."""

import shutil
from pathlib import Path

from heed.decisioning.errors import HeedError, Unavailable
from heed.serving.errors import ArtifactMissing
from heed.serving.schemas.responses import ModelRef
from heed.serving.settings import Settings
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_bundle

CHAMPION = "champion"
BENTO = "bento"


def load_model(settings: Settings) -> tuple[Bundle, ModelRef]:
    """The model that the settings name, with its name, version and digest.

    Raises
    ------
    Unavailable
        If there is none, with what to do.
    """
    path, version = _located(settings)
    bundle = load_bundle(path)
    return bundle, ModelRef(settings.model_name, version, bundle.digest)


def champion_version(settings: Settings) -> str | None:
    """The version that the registry calls champion now, None where the settings name another source of the model.

    Raises
    ------
    Unavailable
        If the registry cannot be reached, or no version has the alias.
    """
    if settings.model not in (None, CHAMPION):
        return None
    from heed.training.pipeline.model_registry import champion

    return champion(settings.mlflow_uri, settings.model_name).version


def _located(settings: Settings) -> tuple[Path, str]:
    if settings.model == BENTO:
        return _packed(settings.model_name)
    if settings.model in (None, CHAMPION):
        # MLflow takes seconds to import, which a packed model or a folder need not pay for.
        from heed.training.pipeline.model_registry import champion

        found = champion(settings.mlflow_uri, settings.model_name)
        return found.path, found.version
    path = Path(str(settings.model))
    if not path.is_dir():
        remedy = "name a folder of a model bundle, `champion` or `bento`"
        raise Unavailable("there is no model bundle at this path", field="HEED_MODEL", value=path, remedy=remedy)
    return path, "unregistered"


def pinned_model(settings: Settings, ref: ModelRef) -> Bundle:
    """The very model that decided: the configured one where it is that, or else its version in the registry.

    Raises
    ------
    ArtifactMissing
        If neither is there with the same content.
    """
    for found in (_configured(settings), _registered(settings, ref)):
        if found is not None and found.digest == ref.digest:
            return found
    remedy = "restore its files, or name its folder by HEED_MODEL"
    raise ArtifactMissing(
        "no model of this version and content is there", field="model", value=ref.version, remedy=remedy
    )


def _configured(settings: Settings) -> Bundle | None:
    try:
        return load_model(settings)[0]
    except HeedError:
        # Another version may still be there.
        return None


def _registered(settings: Settings, ref: ModelRef) -> Bundle | None:
    if not ref.version.isdecimal():
        return None
    from heed.training.pipeline.model_registry import resolve_model

    try:
        return load_bundle(resolve_model(settings.mlflow_uri, ref.version, ref.name).path)
    except HeedError:
        return None


def pack(settings: Settings, bundle: Path, version: str) -> str:
    """Copy a bundle into BentoML's model store, where `bentoml build` finds it; the tag it got."""
    import bentoml

    with bentoml.models.create(settings.model_name, metadata={"version": version}) as model:
        shutil.copytree(bundle, model.path, dirs_exist_ok=True)
    return str(model.tag)


def _packed(name: str) -> tuple[Path, str]:
    import bentoml

    try:
        model = bentoml.models.get(f"{name}:latest")
    except bentoml.exceptions.NotFound as error:
        remedy = "pack one with `heed promote --to-bento`"
        raise Unavailable("no model is packed", field="HEED_MODEL", value=BENTO, remedy=remedy) from error
    return Path(model.path), str(model.info.metadata.get("version", model.tag.version))
