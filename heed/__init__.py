"""Decide for one customer at one moment whether to act, how to act, or to hold.

The names below are the public interface. Each is imported when it is first used, so that `import heed` costs nothing:
the client needs no model, and a decision needs no client.

Attributes
----------
decide
    The pure decision, from facts, actions, a model and a policy.
load_model, load_policy
    Read a model bundle and a policy from files.
Client
    Calls a running service.
Facts, Action, Decision
    What a decision knows, chooses from and returns.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heed.client import Client
    from heed.decisioning.catalogue import Action
    from heed.decisioning.customer import Facts
    from heed.decisioning.decide import decide
    from heed.decisioning.decision import Decision
    from heed.loaders import load_model, load_policy

__all__ = ["Action", "Client", "Decision", "Facts", "decide", "load_model", "load_policy"]

_MODULES = {
    "Action": "heed.decisioning.catalogue",
    "Client": "heed.client",
    "Decision": "heed.decisioning.decision",
    "Facts": "heed.decisioning.customer",
    "decide": "heed.decisioning.decide",
    "load_model": "heed.loaders",
    "load_policy": "heed.loaders",
}

# A Bento carries no links, so there the packages are beside this one and not inside it.
_HERE = Path(__file__).parent
if not (_HERE / "decisioning").exists():
    __path__.append(str(_HERE.parent))


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
