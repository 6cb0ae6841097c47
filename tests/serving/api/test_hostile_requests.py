"""Whatever comes, the answer says what is wrong with it, and nothing of it is done."""

import asyncio
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.errors import InvalidInput
from heed.serving.api.strict_json import reject_ambiguous_json
from heed.serving.http.header_limits import MAX_HEAD_BYTES, BoundedProtocol
from tests.serving.api.test_api_problems import JSON, assert_problem

UNSEEN = "\u0000\u0085\u009f\u00ad\u034f\u061c\u115f\u180e\u200b\u200d\u200e\u2028\u202e\u2060\u2066\u3164\ufe0f\ufeff"
UNSEEN_BEYOND = "\uffa0\ufffb\U0001bca0\U0001d173\U000e0001\U000e007f\U000e0100"


@pytest.mark.parametrize("unseen", [*UNSEEN, *UNSEEN_BEYOND], ids=lambda one: f"U+{ord(one):04X}")
@pytest.mark.parametrize("body", [{"customer_id": "c{}1"}, {"customer_id": "c1", "candidates": ["mail{}"]}], ids=str)
def test_an_id_holds_nothing_that_cannot_be_seen(unsent, unseen, body):
    content = json.dumps(body).replace("{}", json.dumps(unseen)[1:-1])
    problem = unsent(content.encode())
    assert "zero-width" in problem["remedy"]
    assert unseen not in json.dumps(problem, ensure_ascii=False)


@pytest.mark.parametrize(
    "seen", ["anna@x.example", "Ünïcode", "日本", "🦆", "a b", "a/b", "'; DROP TABLE customers; --"]
)
def test_an_id_may_hold_whatever_can_be_seen(heed, seen):
    assert heed.decide(seen)["customer_id"] == seen.casefold()
    assert heed.get("/v1/decisions?customer_id=c1") == {"decisions": []}


@pytest.fixture(scope="module")
def unsent(tmp_path_factory):
    """Sends to ``/decide`` what must be refused, to one heed for all, which decides nothing meanwhile."""
    from tests.support.in_process_service import running_service

    with running_service(tmp_path_factory.mktemp("unsent")) as heed:

        def send(content: bytes) -> dict[str, object]:
            return assert_problem(heed.http.post("/decide", content=content, headers=JSON), 400, "invalid-input")

        yield send
        assert heed.get("/v1/decisions?customer_id=c1") == {"decisions": []}


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"customer_id": "c2", "customer_id": "c1"}', "customer_id"),
        (b'{"customer_id": "c1", "context": {"a": 1, "a": 2}}', "a"),
        (b'{"customer_id": "c1", "context": {"a": {"b": 1, "b": 2}}, "context": {}}', "b"),
        (b'{"customer_id": "c1", "context": {"a": 9007199254740993}}', "a"),
        (b'{"customer_id": "c1", "context": {"a": -9007199254740993}}', "a"),
    ],
    ids=["an id twice", "a value twice", "twice in what would be lost", "beyond 2^53", "beyond -2^53"],
)
def test_what_two_readers_would_read_differently_is_refused(unsent, content, field):
    assert unsent(content)["field"] == field


@pytest.mark.parametrize(
    "value",
    [b"1" + b"0" * 400, b"1" + b"0" * 5000, b"1e400", b"-1e400", b"NaN", b"Infinity", b"-Infinity", b"0x10", b"01"],
    ids=lambda one: f"{one[:8].decode()} of {len(one)}",
)
def test_a_number_that_is_none_is_refused(unsent, value):
    unsent(b'{"customer_id": "c1", "context": {"a": %b}}' % value)


@pytest.mark.parametrize("depth", [3, 100, 250, 5_000, 500_000], ids=lambda one: f"{one} deep")
@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
def test_a_deep_body_is_refused_at_any_depth(unsent, depth, pair):
    begin, end = pair
    unsent(b'{"customer_id": "c1", "context": {"a": ' + begin * depth + b"1" + end * depth + b"}}")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_can_be_read_in_one_way_is_not_refused(value):
    reject_ambiguous_json(json.dumps(value).encode("utf-8", "surrogatepass") if not _lone(value) else b"null")


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 9), min_size=1, max_size=5), st.data())
def test_a_member_that_comes_twice_is_found_wherever_it_stands(members, data):
    pairs = [f"{json.dumps(name)}: {value}" for name, value in members.items()]
    again = data.draw(st.sampled_from(pairs))
    place = data.draw(st.integers(0, len(pairs)))
    text = "{" + ", ".join([*pairs[:place], again, *pairs[place:]]) + "}"
    with pytest.raises(InvalidInput, match="duplicate JSON key"):
        reject_ambiguous_json(f"[{text}]".encode())


def _lone(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def test_no_id_forges_a_line_of_the_log(heed, caplog):
    forged = 'c1\n{"level":"info","message":"all is well"}'
    with caplog.at_level(logging.DEBUG):
        answer = heed.http.post("/decide", json={"customer_id": forged}, headers={"idempotency-key": "k"})
        assert_problem(answer, 400, "invalid-input")
        assert_problem(heed.http.get("/v1/decisions", params={"customer_id": forged}), 400, "invalid-input")
        heed.http.post("/decide", json={"customer_id": "c1"}, headers={"user-agent": "x", "x-request-id": "a\\nb"})
    assert "all is well" not in caplog.text


class Written:
    """The end of a connection, as a protocol sees it."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, _name: str) -> None:
        return None


def connected() -> tuple[BoundedProtocol, Written]:
    from uvicorn import Config
    from uvicorn.server import ServerState

    async def app(_scope: object, _receive: object, _send: object) -> None:
        return None

    protocol = BoundedProtocol(Config(app, log_config=None), ServerState(), {}, asyncio.get_running_loop())
    written = Written()
    protocol.connection_made(written)
    return protocol, written


@pytest.mark.parametrize(
    "part",
    [b"x-" + b"a" * 60_000 + b": b\r\n", b"b: c\r\n" * 10_000, b"a" * 60_000],
    ids=["names", "lines", "one line"],
)
def test_a_head_without_end_ends_the_connection(part):
    async def send() -> tuple[int, Written]:
        protocol, written = connected()
        protocol.data_received(b"GET / HTTP/1.1\r\n")
        sent = 0
        while not written.closed and sent < 2 * MAX_HEAD_BYTES:
            protocol.data_received(part)
            sent += len(part)
        protocol.connection_lost(None)
        return sent, written

    sent, written = asyncio.run(send())
    assert written.closed
    assert sent <= MAX_HEAD_BYTES + len(part)
    assert written.sent.startswith((b"HTTP/1.1 431", b"HTTP/1.1 400"))


def test_a_head_that_does_not_come_ends_the_connection(monkeypatch):
    monkeypatch.setattr("heed.serving.http.header_limits.HEAD_SECONDS", 0.01)

    async def wait() -> bool:
        protocol, written = connected()
        protocol.data_received(b"GET / HTTP/1.1\r\nhost:")
        while not written.closed:
            await asyncio.sleep(0.01)
        protocol.connection_lost(None)
        return written.closed

    assert asyncio.run(asyncio.wait_for(wait(), 30))
