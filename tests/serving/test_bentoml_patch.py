"""The patch of uvicorn's protocol: what it is for, and that it is still needed."""

import asyncio
import inspect

import pytest
import uvicorn
from _bentoml_impl.worker.service import main as bentoml_worker
from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.server import ServerState

from heed.serving import bentoml_patch
from heed.serving.http.header_limits import MAX_HEAD_BYTES, BoundedProtocol


@pytest.fixture(autouse=True)
def unpatched(monkeypatch):
    monkeypatch.setitem(HTTP_PROTOCOLS, "auto", bentoml_patch.UNPATCHED)


class Transport(asyncio.Transport):
    """A transport that keeps open until it is closed, and forgets what is written to it."""

    closed = False

    def get_extra_info(self, _name, default=None):
        return default

    def write(self, data):
        pass

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True


async def app(_scope: object, _receive: object, _send: object) -> None:
    return None


def protocol_of_bentomls_workers() -> type[asyncio.Protocol]:
    """The protocol of a configuration that names none, as BentoML's does."""
    config = uvicorn.Config(app, log_config=None)
    config.load()
    return config.http_protocol_class


async def closes_endless_headers(protocol_class: type[asyncio.Protocol]) -> bool:
    config = uvicorn.Config(app, log_config=None)
    config.load()
    protocol = protocol_class(config, ServerState(), {}, asyncio.get_running_loop())
    transport = Transport()
    protocol.connection_made(transport)
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: x\r\n")
    for number in range(2 * MAX_HEAD_BYTES // 60_000 + 2):
        if not transport.closed:
            protocol.data_received(b"x-%d: " % number + b"a" * 60_000 + b"\r\n")
    closed = transport.closed
    protocol.connection_lost(None)
    return closed


def test_without_the_patch_headers_are_kept_without_end():
    assert not asyncio.run(closes_endless_headers(protocol_of_bentomls_workers()))


def test_with_the_patch_the_connection_ends():
    bentoml_patch.limit_request_heads()
    assert protocol_of_bentomls_workers() is BoundedProtocol
    assert asyncio.run(closes_endless_headers(BoundedProtocol))


def test_bentoml_still_offers_no_choice_of_protocol():
    assert not {"http", "h11_max_incomplete_event_size"} & {option.name for option in bentoml_worker.params}
    call = inspect.getsource(inspect.unwrap(bentoml_worker.callback)).partition("uvicorn.Config(")[2]
    assert call
    assert "http=" not in call


def test_it_may_be_applied_twice():
    bentoml_patch.limit_request_heads()
    bentoml_patch.limit_request_heads()
    assert HTTP_PROTOCOLS["auto"] == bentoml_patch.PROTOCOL


@pytest.mark.parametrize(("name", "found"), [("bentoml", "1.5.0"), ("uvicorn", None)], ids=["BentoML", "uvicorn"])
def test_it_refuses_versions_that_it_does_not_know(monkeypatch, name, found):
    if found is None:
        monkeypatch.setitem(HTTP_PROTOCOLS, "auto", "uvicorn.protocols.http.new:NewProtocol")
    else:
        monkeypatch.setattr(bentoml_patch, "version", lambda _package: found)
    with pytest.raises(RuntimeError, match=name):
        bentoml_patch.limit_request_heads()
