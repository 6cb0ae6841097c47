"""What no exception handler knows is answered all the same: 504 for what takes too long, 500 for what fails."""

import asyncio
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from heed.serving.app import make_app
from heed.serving.auth.routes import public
from tests.serving.api.test_api_problems import assert_problem
from tests.support.in_process_service import Heed


def asked(heed: Heed, answer: Callable[[], object], seconds: float = 10.0):
    """The response of an application with a route that behaves so."""
    app = make_app(lambda: heed.runtime, request_seconds=seconds)
    app.get("/odd")(public(answer))
    app.state.runtime = heed.runtime
    # Not as a context manager: the runtime has started already.
    http = TestClient(app, base_url="http://127.0.0.1", client=("127.0.0.1", 1), raise_server_exceptions=False)
    return http.get("/odd", headers={"x-request-id": "r1"})


async def hangs() -> str:
    await asyncio.sleep(30)
    return "late"


async def fails() -> str:
    raise ZeroDivisionError("a secret of the inside")


@pytest.mark.parametrize(
    ("answer", "seconds", "status", "kind"),
    [(hangs, 0.05, 504, "timeout"), (fails, 10.0, 500, "internal")],
    ids=["takes too long", "fails"],
)
def test_it_is_answered_with_a_problem_and_the_id_of_the_request(heed, answer, seconds, status, kind):
    response = asked(heed, answer, seconds)
    assert_problem(response, status, kind)
    assert response.headers["x-request-id"] == "r1"
    assert "secret" not in response.text
    assert f'heed_problems_total{{status="{status}"}} 1.0' in heed.http.get("/metrics").text


def test_nothing_is_added_to_a_response_that_has_begun(heed):
    from starlette.responses import StreamingResponse

    async def stream():
        yield b"first"
        raise ZeroDivisionError

    async def begins() -> StreamingResponse:
        return StreamingResponse(stream(), media_type="text/plain")

    response = asked(heed, begins)
    assert (response.status_code, response.content) == (200, b"first")
