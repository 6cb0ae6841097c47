"""Query parameters: those that are declared, and no others."""

from fastapi import Request

from heed.decisioning.errors import InvalidInput


def reject_unknown_params(request: Request) -> None:
    """Refuse a query parameter that the route does not know: a misspelt filter would filter nothing.

    Raises
    ------
    InvalidInput
        Naming the first that is unknown, and those that are known.
    """
    known = sorted(one.alias for one in request.scope["route"].dependant.query_params)
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        remedy = f"send only {', '.join(known)}" if known else "send none here"
        raise InvalidInput("unknown parameter", field=f"query.{unknown}", remedy=remedy)
