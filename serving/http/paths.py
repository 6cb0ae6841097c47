"""Ids in paths."""

from starlette.convertors import StringConvertor, register_url_convertor

# What can be asked of one customer, behind the id.
CALLS = ("export", "merge")


class BareId(StringConvertor):
    """An id that may hold slashes, since it is whatever the source system calls the customer; no call comes after it.

    Without that, erasing with ``/export`` behind the id would mean another customer instead of being no such call.
    """

    regex = ".+" + "".join(f"(?<!/{call})" for call in CALLS)


register_url_convertor("bare_id", BareId())

CUSTOMER = "/v1/customers/{customer_id:bare_id}"
EXPORT, MERGE = (f"/v1/customers/{{customer_id:path}}/{call}" for call in CALLS)
