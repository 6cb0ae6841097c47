"""The BentoML service: `/score` as its own call, everything else mounted beside it."""

import logging

import bentoml
from starlette.responses import Response

from serving.access.binding import listening, refuse_open_door
from serving.access.gate import AccessGate
from serving.answer import ScoreAnswer, encode
from serving.api.app import make_app
from serving.api.gate import PATH, ReadyGate, ScoreGate
from serving.bootstrap import bootstrap
from serving.errors import OpenDoor
from serving.http.problems import ProblemMiddleware, answer_to
from serving.http.trim import trim
from serving.in_force.model_source import BENTO, CHAMPION
from serving.observing.logs import configure
from serving.observing.request_ids import RequestIds
from serving.requests.deciding import ScoreRequest
from serving.runtime import Runtime
from serving.settings import Settings

trim()

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
    OpenDoor
        Where it would serve others than this machine without keys. BentoML starts a worker that ends again for ever.
    """
    found = settings()
    configure(found.log_level)
    running = bootstrap(found)
    try:
        refuse_open_door((running.settings.host, *listening()), keys=not running.access.keyring.empty)
    except OpenDoor as refusal:
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
        return hasattr(app.state, "runtime") and app.state.runtime.standby.ready

    @bentoml.api(route=PATH)  # type: ignore[untyped-decorator]
    async def score(self, request: ScoreRequest, /) -> ScoreAnswer:
        """Score candidates: no verdicts, no record, no side effects."""
        try:
            answer = await app.state.runtime.engine.score(request)
        except Exception as error:  # noqa: BLE001
            return answer_to(error)  # type: ignore[return-value]
        return Response(encode(answer), media_type="application/json")  # type: ignore[return-value]


Heed.add_asgi_middleware(ProblemMiddleware)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(RequestIds)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(AccessGate, state=app.state)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(ReadyGate, heed=app)  # type: ignore[attr-defined]
Heed.add_asgi_middleware(ScoreGate)  # type: ignore[attr-defined]
