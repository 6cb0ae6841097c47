"""The Python client, connected to a service in this process."""

import httpx

from heed.client import Client
from tests.support.in_process_service import Heed


def client_of(service: Heed, url: str) -> Client:
    """A client whose requests reach the service without a network."""

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in ("content-type", "idempotency-key", "authorization")
        }
        response = service.http.request(
            request.method, str(request.url.raw_path, "ascii"), content=request.content, headers=headers
        )
        return httpx.Response(response.status_code, content=response.content)

    return Client(url, transport=httpx.MockTransport(answer))
