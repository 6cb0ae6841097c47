"""The face of heed: the command line and the Python client."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heed.client import Client

__all__ = ["Client"]

_PLACES = {"Client": "heed.client"}

# A Bento carries no links, so there the rooms lie beside this package and not inside it.
_HERE = Path(__file__).parent
if not (_HERE / "decisioning").exists():
    __path__.append(str(_HERE.parent))


def __getattr__(name: str) -> object:
    """What is offered, imported when it is asked for: a loader of models needs none of it."""
    if name not in _PLACES:
        raise AttributeError(f"module `heed` has no attribute `{name}`")
    return getattr(import_module(_PLACES[name]), name)
