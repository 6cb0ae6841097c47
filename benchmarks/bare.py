"""The peer: a bare Starlette handler that parses the same body and calls LightGBM's predict, and nothing else.

No features are computed, nothing is decided, explained, guarded or recorded: this is the least that a service around
the same model can do. Served by uvicorn on one thread: ``HEED_BARE=DIR uvicorn benchmarks.bare:app --factory``.
"""

import os
from pathlib import Path

import lightgbm
import numpy as np
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def app() -> Starlette:
    """The application over the booster and the feature rows in the folder that `HEED_BARE` names."""
    folder = Path(os.environ["HEED_BARE"])
    booster = lightgbm.Booster(model_file=folder / "booster.txt")
    stored = np.load(folder / "rows.npz")
    rows = stored["rows"]  # (customers, candidates, features)
    place_of = {customer_id: place for place, customer_id in enumerate(stored["customer_ids"].tolist())}
    names = stored["action_ids"].tolist()

    async def decide(request: Request) -> Response:
        body = orjson.loads(await request.body())
        scores = booster.predict(rows[place_of[body["customer_id"]]], num_threads=1)
        best = int(np.argmax(scores))
        answer = {"action_id": names[best], "scores": dict(zip(names, scores.tolist(), strict=True))}
        return Response(orjson.dumps(answer), media_type="application/json")

    return Starlette(routes=[Route("/decide", decide, methods=["POST"])])
