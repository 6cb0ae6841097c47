"""Loads a model and a policy from files, to decide in the caller's own process."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from heed.extras import missing_extra
from heed.guardrails.guard import PolicyGuard, load_guard

if TYPE_CHECKING:
    from heed.decisioning.catalogue import Catalogue
    from heed.training.model.bundle import Bundle


def load_policy(
    path: str | Path, catalogue: "Catalogue", attribute_types: Mapping[str, str] | None = None
) -> PolicyGuard:
    """Read a policy file and bind it to the actions that it judges.

    Parameters
    ----------
    path : str or Path
        The YAML file.
    catalogue : Catalogue
        The actions, such as a model's.
    attribute_types : mapping of str to str, optional
        Types of the customer attributes that conditions use: ``number``, ``boolean``, ``text`` or a CEL type.
        A model has them in `attribute_types`.

    Returns
    -------
    PolicyGuard
        The `guard` argument of :func:`heed.decide`.

    Raises
    ------
    PolicyError
        If the file cannot be read, is not a policy, or does not fit the catalogue.
    """
    return load_guard(Path(path), catalogue, attribute_types)


def load_model(path: str | Path) -> "Bundle":
    """Read a model bundle from its folder.

    Parameters
    ----------
    path : str or Path
        The folder, such as the `bundle` artifact of a registered model.

    Returns
    -------
    Bundle
        The `scorer` argument of :func:`heed.decide`, with its actions in `catalogue`.

    Raises
    ------
    TrainingError
        If a file is missing, has another format, or was changed.
    ImportError
        If only the core of heed is installed.
    """
    try:
        from heed.training.model.bundle_files import load_bundle
    except ModuleNotFoundError as error:
        raise ImportError(missing_extra(error)) from error
    return load_bundle(Path(path))
