"""The BentoML service: a small adapter around the FastAPI application, which answers every request.

BentoML starts and supervises the workers, packs the model, and documents and calls `/score` in its own way.
"""

import logging

import bentoml
from starlette.routing import Route
from starlette.types import ASGIApp

from heed.serving.app import REQUEST_SECONDS, make_app
from heed.serving.auth.bind_check import check_bind_address, listening_addresses
from heed.serving.auth.routes import public
from heed.serving.bentoml_patch import limit_request_heads
from heed.serving.bootstrap import bootstrap
from heed.serving.deployment.model_source import BENTO, CHAMPION
from heed.serving.errors import InsecureBind
from heed.serving.http.problems import ProblemMiddleware
from heed.serving.observability.logs import configure
from heed.serving.runtime import Runtime
from heed.serving.schemas.decision_requests import ScoreRequest
from heed.serving.schemas.responses import ScoreAnswer
from heed.serving.settings import Settings

logger = logging.getLogger("heed.serving")

# BentoML's document of `/score`, and the files of Swagger UI. Its own page at `/` reports visits to others: not served.
PAGES = ("/docs.json", "/schema.json", "/static_content/{file:path}")


# BentoML imports its names lazily, so that they have no types.
class HeedService(bentoml.Service["Heed"]):  # type: ignore[misc]
    """A BentoML service that is the FastAPI application."""

    def to_asgi(self, is_main: bool = True) -> ASGIApp:  # noqa: FBT001, FBT002 - as BentoML declares and calls it
        """The application, with BentoML's own pages among its routes."""
        limit_request_heads()
        self.application = make_app(self._start)
        pages = public(ProblemMiddleware(super().to_asgi(is_main)))
        self.application.router.routes.extend(Route(path, pages, methods=["GET"]) for path in PAGES)
        return self.application

    def _start(self) -> Runtime:
        """Wire the runtime, with a log of JSON lines.

        Raises
        ------
        InsecureBind
            If it would serve other machines without keys. The application stays up and answers that, as BentoML
            restarts a worker that ends.
        """
        settings = service_settings(packed=self.bento is not None)
        configure(settings.log_level)
        runtime = bootstrap(settings)
        try:
            check_bind_address((settings.host, *listening_addresses()), keys=not runtime.access.key_cache.empty)
        except InsecureBind as refusal:
            runtime.ledger.close()
            logger.critical(refusal)
            raise
        return runtime


def service_settings(*, packed: bool) -> Settings:
    """The settings; the model they do not name is the packed one in a Bento, and the registry's champion elsewhere."""
    settings = Settings()
    default = BENTO if packed else CHAMPION
    return settings if settings.model is not None else settings.model_copy(update={"model": default})


@bentoml.service(
    name="heed",
    service_class=HeedService,
    workers=Settings().service_workers,
    traffic={"timeout": REQUEST_SECONDS},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
)
class Heed:
    """heed as BentoML serves it. One process writes a ledger in SQLite, any number one in PostgreSQL."""

    bento_service: HeedService
    """Set by BentoML on each instance."""

    @bentoml.api(route="/score")  # type: ignore[untyped-decorator]
    async def score(self, request: ScoreRequest, /) -> ScoreAnswer:
        """Score candidates: no verdicts, no record, no side effects."""
        runtime: Runtime = self.bento_service.application.state.runtime
        return await runtime.services.decisions.score(request)
