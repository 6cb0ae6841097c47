"""The BentoML service: `/score` as its own call, everything else mounted beside it."""

from typing import Any

import bentoml
from starlette.responses import Response

from serving.answer import encode
from serving.api.app import make_app
from serving.bootstrap import bootstrap
from serving.problems import MEDIA_TYPE, ProblemMiddleware, of_error
from serving.requests import ScoreRequest
from serving.settings import Settings
from serving.trim import trim

trim()
app = make_app(lambda: bootstrap(Settings()))


@bentoml.service(
    name="heed",
    workers=1,
    traffic={"timeout": 10},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": [".*"]},
)
@bentoml.asgi_app(app, path="/")
class Heed:
    """heed as BentoML serves it. One worker: one process writes a SQLite ledger."""

    def __is_ready__(self) -> bool:
        """Whether decisions can be made: what `/readyz` answers."""
        return hasattr(app.state, "runtime") and app.state.runtime.standby.ready

    @bentoml.api(route="/score")  # type: ignore[untyped-decorator]
    async def score(self, request: ScoreRequest, /) -> dict[str, Any]:
        """Score candidates: no verdicts, no record, no side effects."""
        try:
            answer = app.state.runtime.engine.score(request)
        except Exception as error:  # noqa: BLE001
            problem = of_error(error)
            return Response(problem.encoded(), problem.status, media_type=MEDIA_TYPE)  # type: ignore[return-value]
        return Response(encode(answer), media_type="application/json")  # type: ignore[return-value]


Heed.add_asgi_middleware(ProblemMiddleware)  # type: ignore[attr-defined]
