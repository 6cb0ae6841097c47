"""Customer ids in paths."""

from starlette.convertors import StringConvertor, register_url_convertor

# The operations on one customer that follow the id.
CALLS = ("export", "merge")


class BareId(StringConvertor):
    """An id that may hold slashes, since source systems choose it; an operation cannot follow it.

    Otherwise ``DELETE /v1/customers/a/export`` would erase the customer ``a/export`` instead of being answered 404.
    """

    regex = ".+" + "".join(f"(?<!/{call})" for call in CALLS)


register_url_convertor("bare_id", BareId())

CUSTOMER = "/v1/customers/{customer_id:bare_id}"
EXPORT, MERGE = (f"/v1/customers/{{customer_id:path}}/{call}" for call in CALLS)
