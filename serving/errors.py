"""What serving raises beyond the tree of `decisioning.errors`.

HeedError
└── StaleFacts        the customer's facts changed between decision and commit; decide again
"""

from decisioning.errors import HeedError


class StaleFacts(HeedError):
    """The facts a decision was made on are no longer the facts. Nothing was recorded: decide again."""
