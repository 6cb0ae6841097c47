"""What webhooks raise beyond the tree of `heed.decisioning.errors`.

HeedError
└── AddressRefused     the executor's name leads to an address that heed does not connect to; nothing was sent
"""

from heed.decisioning.errors import HeedError


class AddressRefused(HeedError):
    """The executor's name leads to an address that heed does not connect to. Nothing was sent."""
