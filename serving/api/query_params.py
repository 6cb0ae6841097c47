"""Query parameters: unknown ones are refused."""

from fastapi import Request

from heed.decisioning.errors import InvalidInput


async def reject_unknown_params(request: Request) -> None:
    """Refuse a query parameter that the route does not declare: a misspelt filter would filter nothing.

    A coroutine, as FastAPI runs functions in threads.

    Raises
    ------
    InvalidInput
        Naming the first unknown parameter, and the known ones.
    """
    known = sorted(parameter.alias for parameter in request.scope["route"].dependant.query_params)
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        remedy = f"send only {', '.join(known)}" if known else "this path takes none"
        raise InvalidInput("unknown parameter", field=f"query.{unknown}", remedy=remedy)
