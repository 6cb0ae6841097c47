"""How net values are reckoned, as one digest: what a certificate of one choice can be told apart by."""

from collections.abc import Sequence

from heed.decisioning.canonical import digest
from heed.decisioning.catalogue import Action
from heed.decisioning.value import ValueTerms


def net_value_digest(terms: ValueTerms, actions: Sequence[Action]) -> str:
    """Digest of all that turns scores into net values and confidence: the policy's terms, and what actions are worth.

    A choice among other actions, or at other values, is another choice: no certificate speaks of both.
    """
    worth = sorted((action.action_id, action.value, action.cost) for action in actions)
    return digest({"terms": terms, "worth": worth})
