"""Readiness, metrics and the documentation."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from heed.decisioning.errors import Unavailable
from heed.serving.api.dependencies import UseCases
from heed.serving.api.openapi import without_security
from heed.serving.api.query_params import reject_unknown_params
from heed.serving.auth.principal import may_see_operations
from heed.serving.auth.routes import public, requires
from heed.serving.auth.scopes import Scope
from heed.serving.http.problems import MEDIA_TYPE, Problem
from heed.serving.operations.health import Readiness
from heed.serving.schemas.responses import encode

router = APIRouter(dependencies=[Depends(reject_unknown_params)])

# BentoML ships the two files of Swagger UI, so the page needs no other host.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>heed: the API</title>
<link rel="stylesheet" href="/static_content/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/static_content/swagger-ui-bundle.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true})</script>
</body>
</html>
"""


# Load balancers and uptime monitors probe with HEAD, too.
@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Whether the process runs", tags=["operations"], response_class=PlainTextResponse)
@public
async def livez() -> Response:
    """Liveness: answers for as long as the process does."""
    return PlainTextResponse("\n")


@router.head("/readyz", include_in_schema=False, response_model=None)
@router.get(
    "/readyz",
    summary="Whether decisions can be made, part by part",
    tags=["operations"],
    response_model=Readiness,
)
@public
async def readyz(request: Request) -> Response:
    """Readiness: whether decisions can be made, and the state of each part."""
    running = getattr(request.app.state, "runtime", None)
    if running is None:
        raise Unavailable("the service is not ready")
    readiness = await running.services.health.readiness()
    shown = readiness if may_see_operations(request) else readiness.bare
    if shown.ready:
        return Response(encode(shown), media_type="application/json")
    problem = Problem(503, "unavailable", shown.sentence, parts=shown.parts or None)
    return Response(problem.encoded(), 503, media_type=MEDIA_TYPE)


@router.get("/metrics", summary="Metrics for Prometheus", tags=["operations"], response_class=PlainTextResponse)
@requires(Scope.OPERATIONS, local=True)
async def metrics(services: UseCases) -> Response:
    """Counters of this process."""
    return Response(await services.metrics.render(), media_type="text/plain; version=0.0.4")


@router.get("/openapi.json", include_in_schema=False)
@public
async def openapi(request: Request) -> Response:
    """The OpenAPI document; without keys it requires none."""
    running = getattr(request.app.state, "runtime", None)
    has_keys = running is None or not running.access.key_cache.empty
    return JSONResponse(request.app.openapi() if has_keys else without_security(request.app.openapi()))


@router.get("/docs", include_in_schema=False)
@public
async def docs() -> HTMLResponse:
    """The API documentation for people."""
    return HTMLResponse(_PAGE)
