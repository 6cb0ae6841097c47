"""One attempt, to executors that hang, dribble, babble, redirect and lie about where they are."""

import asyncio
import ssl
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from heed.serving.delivery.webhooks.addresses import parse_target
from heed.serving.delivery.webhooks.http_transport import (
    AttemptOutcome,
    AttemptResult,
    HttpTransport,
    Resolve,
    _look_up,
)
from tests.support.webhook_receivers import (
    Behave,
    Receiver,
    dribble,
    drop,
    flood,
    hang,
    resolver_of,
    respond,
    webhook_receiver,
)

T = TypeVar("T")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PATIENCE = 20.0


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(work, PATIENCE))


async def sent(
    url: str,
    *,
    seconds: float = 5.0,
    resolve: Resolve | None = None,
    allow_private: bool = True,
    trust: ssl.SSLContext | None = None,
    times: int = 1,
) -> list[AttemptResult]:
    target = parse_target(url, allow_private=allow_private)
    asked = resolve or resolver_of("127.0.0.1")
    async with HttpTransport(
        target, seconds=seconds, width=4, allow_private=allow_private, resolve=asked, trust=trust
    ) as sender:
        return [await sender.send(b"{}", {"webhook-id": "execute:d1"}, NOON) for _ in range(times)]


async def to(*behaviours: Behave, seconds: float = 5.0, times: int = 1) -> tuple[list[AttemptResult], Receiver]:
    async with webhook_receiver(*behaviours) as listening:
        return await sent(listening.url, seconds=seconds, times=times), listening


def test_an_executor_that_answers_gets_the_body_and_the_headers_and_is_asked_on_one_connection() -> None:
    answers, listening = run(to(respond(200), respond(204), times=2))
    assert answers == [AttemptResult(AttemptOutcome.DELIVERED, 200), AttemptResult(AttemptOutcome.DELIVERED, 204)]
    first, second = listening.seen
    assert first.line == "POST /take?token=planted HTTP/1.1"
    assert first.headers["host"] == f"127.0.0.1:{listening.port}"
    assert (first.headers["content-type"], first.headers["webhook-id"]) == ("application/json", "execute:d1")
    assert first.body == second.body == b"{}"


def test_an_executor_that_asks_for_time_is_heard() -> None:
    answers, _ = run(to(respond(429, "Retry-After: 90"), respond(503), times=2))
    assert answers == [
        AttemptResult(AttemptOutcome.REFUSED, 429, timedelta(seconds=90)),
        AttemptResult(AttemptOutcome.REFUSED, 503),
    ]


def test_a_redirect_is_not_followed() -> None:
    async def attempt() -> tuple[list[AttemptResult], list[object]]:
        async with (
            webhook_receiver(respond(200)) as inside,
            webhook_receiver(respond(307, f"Location: http://127.0.0.1:{inside.port}/")) as listening,
        ):
            return await sent(listening.url), list(inside.seen)

    assert run(attempt()) == ([AttemptResult(AttemptOutcome.REFUSED, 307)], [])


@pytest.mark.parametrize(
    "behave",
    [
        pytest.param(hang, id="says nothing"),
        pytest.param(dribble, id="says its headers a byte at a time"),
        pytest.param(drop, id="hangs up"),
        pytest.param(respond(500), id="breaks"),
    ],
)
def test_what_became_of_a_message_is_unknown_where_the_executor(behave: Behave) -> None:
    (answer,), listening = run(to(behave, seconds=0.3))
    assert answer.result is AttemptOutcome.UNKNOWN
    assert len(listening.seen) == 1


def test_a_body_without_an_end_neither_holds_the_attempt_nor_changes_what_was_said() -> None:
    (answer,), _ = run(to(flood))
    assert answer == AttemptResult(AttemptOutcome.DELIVERED, 200)


def test_an_attempt_that_hangs_leaves_others_alone() -> None:
    async def attempts() -> list[AttemptResult]:
        async with webhook_receiver(hang, respond(200)) as listening:
            target = parse_target(listening.url, allow_private=True)
            resolve = resolver_of("127.0.0.1")
            async with HttpTransport(target, seconds=3.0, width=2, allow_private=True, resolve=resolve) as sender:
                stuck = asyncio.create_task(sender.send(b"{}", {}, NOON))
                while not listening.seen:
                    await asyncio.sleep(0)
                others = [await sender.send(b"{}", {}, NOON) for _ in range(5)]
                assert not stuck.done()
                stuck.cancel()
                return others

    assert {one.result for one in run(attempts())} == {AttemptOutcome.DELIVERED}


def test_nobody_listening_is_certain_not_to_have_the_message() -> None:
    async def attempt() -> list[AttemptResult]:
        async with webhook_receiver(respond(200)) as listening:
            url = listening.url
        return await sent(url)

    assert run(attempt()) == [AttemptResult(AttemptOutcome.UNREACHABLE)]


def test_a_name_server_that_hangs_is_given_up_before_anything_is_sent() -> None:
    async def never(_: str, __: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert run(sent("https://executor.example/", seconds=0.2, resolve=never)) == [
        AttemptResult(AttemptOutcome.UNREACHABLE)
    ]


def test_a_name_that_leads_elsewhere_on_the_second_look_is_checked_on_each() -> None:
    async def attempts() -> tuple[list[AttemptResult], int]:
        async with webhook_receiver(respond(200)) as listening:
            moving = resolver_of("127.0.0.1", "10.0.0.1", "127.0.0.1 169.254.169.254", "127.0.0.1")
            url = f"http://executor.example:{listening.port}/"
            return await sent(url, resolve=moving, times=4), len(listening.seen)

    answers, seen = run(attempts())
    assert [one.result.value for one in answers] == ["delivered", "unreachable", "unreachable", "delivered"]
    assert seen == 2


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "017700000001", "127.1", "localhost", "[::ffff:127.0.0.1]"]
)
def test_no_spelling_of_loopback_gets_through(host: str) -> None:
    async def attempt() -> tuple[list[AttemptResult], int]:
        async def resolve(name: str, port: int) -> list[str]:
            return _look_up(name, port)

        async with webhook_receiver(respond(200)) as listening:
            url = f"https://{host}:{listening.port}/"
            return await sent(url, resolve=resolve, allow_private=False), len(listening.seen)

    assert run(attempt()) == ([AttemptResult(AttemptOutcome.UNREACHABLE)], 0)


def test_the_certificate_is_checked_by_name_though_the_address_is_connected_to(tmp_path: Path) -> None:
    server, client = _certified(tmp_path, "executor.example")

    async def attempts() -> tuple[list[AttemptResult], list[AttemptResult]]:
        async with webhook_receiver(respond(200), trust=server) as listening:
            right = await sent(f"https://executor.example:{listening.port}/", trust=client)
            wrong = await sent(f"https://other.example:{listening.port}/", trust=client)
            assert [one.headers["host"] for one in listening.seen] == [f"executor.example:{listening.port}"]
            return right, wrong

    assert run(attempts()) == (
        [AttemptResult(AttemptOutcome.DELIVERED, 200)],
        [AttemptResult(AttemptOutcome.UNREACHABLE)],
    )


def _certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server that is `name` by its certificate, and a client that trusts whoever signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "executor")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "executor.pem", folder / "executor.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem, private)
    return server, ssl.create_default_context(cafile=str(pem))
