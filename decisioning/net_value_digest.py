"""Digest of how net values are computed: a certificate holds for one way of computing them only."""

from collections.abc import Sequence

from heed.decisioning.canonical import digest
from heed.decisioning.catalogue import Action
from heed.decisioning.value import ValueTerms


def net_value_digest(terms: ValueTerms, actions: Sequence[Action]) -> str:
    """Digest of all that turns scores into net values and confidence: the policy's terms and the actions' values.

    A certificate does not carry over to other actions, values or terms.
    """
    worth = sorted((action.action_id, action.value, action.cost) for action in actions)
    return digest({"terms": terms, "worth": worth})
