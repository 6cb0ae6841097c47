"""The BentoML service: `/score` as its own call, everything else mounted beside it."""

import logging

import bentoml
from starlette.responses import Response

from heed.serving.api.gate import PATH, ReadyGate, ScoreGate
from heed.serving.app import make_app
from heed.serving.auth.bind_check import check_bind_address, listening_addresses
from heed.serving.auth.middleware import AuthMiddleware
from heed.serving.bentoml_patch import patch_bentoml
from heed.serving.bootstrap import bootstrap
from heed.serving.deployment.model_source import BENTO, CHAMPION
from heed.serving.errors import InsecureBind
from heed.serving.http.problems import ProblemMiddleware, problem_response
from heed.serving.observability.logs import configure
from heed.serving.observability.request_ids import RequestIdMiddleware
from heed.serving.runtime import Runtime
from heed.serving.schemas.decision_requests import ScoreRequest
from heed.serving.schemas.responses import ScoreAnswer, encode
from heed.serving.settings import Settings

patch_bentoml()

logger = logging.getLogger("heed.serving")


def settings() -> Settings:
    """The settings, with the packed model inside a Bento and the registry's champion elsewhere."""
    found = Settings()
    if found.model is not None:
        return found
    packed = Heed.bento is not None  # type: ignore[attr-defined]
    return found.model_copy(update={"model": BENTO if packed else CHAMPION})


def start() -> Runtime:
    """Put the parts together, with a log of lines of JSON.

    Raises
    ------
    InsecureBind
        Where it would serve others than this machine without keys. BentoML starts a worker that ends again for ever.
    """
    found = settings()
    configure(found.log_level)
    running = bootstrap(found)
    try:
        check_bind_address((running.settings.host, *listening_addresses()), keys=not running.access.keyring.empty)
    except InsecureBind as refusal:
        running.ledger.close()
        logger.critical(refusal)
        raise
    return running


app = make_app(start)


@bentoml.service(
    name="heed",
    workers=Settings().service_workers,
    traffic={"timeout": 10},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": [".*"]},
)
@bentoml.asgi_app(app, path="/")
class Heed:
    """heed as BentoML serves it. One process writes a ledger in SQLite, any number one in PostgreSQL."""

    def __is_ready__(self) -> bool:
        """Whether decisions can be made: what `/readyz` answers."""
        return hasattr(app.state, "runtime") and app.state.runtime.deployment.ready

    @bentoml.api(route=PATH)  # type: ignore[untyped-decorator]
    async def score(self, request: ScoreRequest, /) -> ScoreAnswer:
        """Score candidates: no verdicts, no record, no side effects."""
        try:
            answer = await app.state.runtime.services.decisions.score(request)
        except Exception as error:  # noqa: BLE001
            return problem_response(error)  # type: ignore[return-value]
        return Response(encode(answer), media_type="application/json")  # type: ignore[return-value]


Heed.add_asgi_middleware(ProblemMiddleware)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(RequestIdMiddleware)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(AuthMiddleware, state=app.state)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(ReadyGate, heed=app)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(ScoreGate)  # type: ignore[attr-defined]
