"""What webhooks raise beyond the tree of `decisioning.errors`.

HeedError
└── AddressRefused     the executor's name leads to an address that heed does not connect to; nothing was sent
"""

from decisioning.errors import HeedError


class AddressRefused(HeedError):
    """The executor's name leads to an address that heed does not connect to. Nothing was sent."""
