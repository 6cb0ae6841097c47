"""What a webhook is made of: signatures, the schedule, the addresses it may go to."""

import base64
import secrets
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from heed.decisioning.errors import InvalidInput
from heed.serving.delivery.retry import BACKOFF, MAX_ATTEMPTS, MAX_WAIT, next_attempt, retry_after
from heed.serving.delivery.webhooks.addresses import AddressRefused, checked_address, parse_target
from heed.serving.delivery.webhooks.http_transport import AttemptOutcome, outcome_of_status
from heed.serving.delivery.webhooks.signature import parse_secret, signature_headers

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODY = b'{"type":"action.execute"}'


def secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


# --- Signatures.


def test_the_library_of_the_specification_verifies_a_message_by_either_of_two_secrets() -> None:
    old, new = secret(), secret()
    sent = signature_headers(
        [parse_secret(new, "new"), parse_secret(old, "old")], "execute:d1", datetime.now(UTC), BODY
    )
    for one in (old, new):
        assert Webhook(one).verify(BODY, sent) == {"type": "action.execute"}
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        Webhook(secret()).verify(BODY, sent)


def test_a_changed_body_and_a_changed_id_are_noticed() -> None:
    own = secret()
    sent = signature_headers([parse_secret(own, "secret")], "execute:d1", datetime.now(UTC), BODY)
    for body, changed in ((BODY + b" ", sent), (BODY, {**sent, "webhook-id": "execute:d2"})):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(own).verify(body, changed)


def test_a_moment_in_another_zone_is_signed_as_the_moment_that_it_is() -> None:
    there = datetime.now(timezone(timedelta(hours=9)))
    own = secret()
    assert Webhook(own).verify(BODY, signature_headers([parse_secret(own, "secret")], "execute:d1", there, BODY))


@pytest.mark.parametrize(
    "wrong",
    ["", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!!", base64.b64encode(b"x" * 32).decode(), "whsec_é"],
    ids=["nothing", "the prefix alone", "too short", "no base64", "no prefix", "not ASCII"],
)
def test_what_is_no_secret_is_refused_without_being_shown(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="not a secret of Standard Webhooks in `webhook_secret`; give") as refused:
        parse_secret(wrong, "webhook_secret")
    assert refused.value.value is None


# --- The schedule.


@given(st.text(max_size=20), st.integers(1, MAX_ATTEMPTS - 1), st.integers(0, 10**9))
def test_a_wait_lies_within_the_schedule_and_is_not_shorter_than_asked(message: str, made: int, asked: int) -> None:
    again = next_attempt(message, made, NOON, timedelta(seconds=asked))
    least = min(timedelta(seconds=asked), MAX_WAIT)
    assert again is not None
    assert least <= again - NOON <= max(least, BACKOFF[made - 1])
    assert again == next_attempt(message, made, NOON, timedelta(seconds=asked))


def test_after_the_last_attempt_there_is_none() -> None:
    assert next_attempt("execute:d1", MAX_ATTEMPTS, NOON) is None
    assert sum(BACKOFF, timedelta(0)) > timedelta(days=3)


def test_messages_that_failed_together_do_not_come_back_together() -> None:
    moments = sorted(next_attempt(f"execute:d{one}", 4, NOON) or NOON for one in range(400))
    shares = [(one - NOON) / BACKOFF[3] for one in moments]
    assert 0.45 < sum(shares) / 400 < 0.55
    assert max(abs(share - place / 400) for place, share in enumerate(shares)) < 0.08


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        pytest.param("120", timedelta(minutes=2), id="seconds"),
        pytest.param("9" * 40, MAX_WAIT, id="ages are cut to a day"),
        pytest.param("Mon, 02 Mar 2026 12:10:00 GMT", timedelta(minutes=10), id="a date"),
        pytest.param("Mon, 02 Mar 2020 12:10:00 GMT", timedelta(0), id="a date that is past"),
        pytest.param("soon", None, id="neither"),
        pytest.param("-5", None, id="less than nothing"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_an_executor_says_how_long_to_wait_in(header: str | None, wait: timedelta | None) -> None:
    assert retry_after(header, NOON) == wait


@given(st.text(max_size=60))
def test_no_header_breaks_the_reading_of_it(header: str) -> None:
    wait = retry_after(header, NOON)
    assert wait is None or timedelta(0) <= wait <= MAX_WAIT


@pytest.mark.parametrize(
    ("status", "result"),
    [(200, "delivered"), (204, "delivered"), (302, "refused"), (400, "refused"), (408, "unknown"), (410, "gone"),
     (429, "refused"), (500, "unknown"), (502, "unknown"), (503, "refused"), (504, "unknown")],
)  # fmt: skip
def test_a_status_tells_whether_the_executor_has_the_message(status: int, result: str) -> None:
    assert outcome_of_status(status) is AttemptOutcome(result)


# --- Addresses.

_REFUSED = {
    "loopback": "127.0.0.1",
    "loopback elsewhere in its block": "127.255.255.254",
    "ten": "10.0.0.1",
    "a private class B": "172.16.0.1",
    "a private class C": "192.168.1.1",
    "link-local, where clouds keep metadata": "169.254.169.254",
    "carrier-grade NAT": "100.64.0.1",
    "this network": "0.0.0.1",
    "documentation": "192.0.2.1",
    "benchmarking": "198.18.0.1",
    "protocol assignments": "192.0.0.8",
    "an anycast relay that is gone": "192.88.99.1",
    "reserved": "240.0.0.1",
    "loopback of IPv6": "::1",
    "unique local": "fd00::1",
    "link-local of IPv6": "fe80::1",
    "site-local": "fec0::1",
    "documentation of IPv6": "2001:db8::1",
    "loopback mapped": "::ffff:127.0.0.1",
    "metadata mapped": "::ffff:169.254.169.254",
    "a private address compatible": "::10.0.0.1",
    "a private address behind NAT64": "64:ff9b::a00:1",
    "local NAT64": "64:ff9b:1::a00:1",
    "a private address by 6to4": "2002:a00:1::1",
    "a private address by Teredo": "2001:0:808:808::f5ff:fffe",
}
_NEVER = {
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "no address": "0.0.0.0",
    "multicast of IPv6": "ff02::1",
    "no address of IPv6": "::",
    "multicast mapped": "::ffff:224.0.0.1",
}
SECURE = parse_target("https://executor.example/take", allow_private=False)


@pytest.mark.parametrize("address", [pytest.param(one, id=name) for name, one in (_REFUSED | _NEVER).items()])
def test_a_webhook_does_not_go_to(address: str) -> None:
    with pytest.raises(AddressRefused, match="the executor's address is"):
        checked_address(SECURE, [address], allow_private=False)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_webhook_goes_to_a_public_address(address: str) -> None:
    assert checked_address(SECURE, [address], allow_private=False) == address


def test_one_private_address_among_public_ones_refuses_them_all() -> None:
    with pytest.raises(AddressRefused, match=r"HEED_WEBHOOK_ALLOW_PRIVATE allows it.*https://executor.example"):
        checked_address(SECURE, ["8.8.8.8", "10.0.0.1"], allow_private=False)
    with pytest.raises(AddressRefused, match="has no address"):
        checked_address(SECURE, [], allow_private=False)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "fd00::1", "::1", "::ffff:10.0.0.1"])
def test_private_addresses_can_be_allowed(address: str) -> None:
    assert checked_address(SECURE, [address], allow_private=True) == address


@pytest.mark.parametrize("address", [pytest.param(one, id=name) for name, one in _NEVER.items()])
def test_what_is_no_address_of_one_host_cannot_be_allowed(address: str) -> None:
    with pytest.raises(AddressRefused, match="no address of one host"):
        checked_address(SECURE, [address], allow_private=True)


def test_plain_http_goes_to_loopback_alone_and_only_where_private_addresses_are_allowed() -> None:
    plain = parse_target("http://executor.example:8080/take", allow_private=True)
    assert checked_address(plain, ["127.0.0.1"], allow_private=True) == "127.0.0.1"
    for elsewhere in ("10.0.0.1", "8.8.8.8"):
        with pytest.raises(AddressRefused, match="only there a webhook goes without TLS"):
            checked_address(plain, [elsewhere], allow_private=True)
    with pytest.raises(InvalidInput, match="a webhook does not go over plain http in `webhook_url`"):
        parse_target("http://127.0.0.1/", allow_private=False)


@pytest.mark.parametrize(
    "url",
    ["", "executor.example", "//executor.example/", "ftp://executor.example/", "file:///etc/passwd", "https://",
     "https:///take", "https://user:secret@executor.example/", "https://executor.example/#top",
     "https://executor.example:99999/", "https://executor.example\\@10.0.0.1/", "https://executor.example/a b",
     "https://executor.example/\r\nHost: other", "https://[::1/", "gopher://10.0.0.1/", "https://exécuteur.example/"],
)  # fmt: skip
def test_what_is_no_url_for_a_webhook_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(InvalidInput, match="not a URL that a webhook can go to in `webhook_url`; give") as refused:
        parse_target(url, allow_private=True)
    assert refused.value.value is None


def test_the_path_of_a_url_is_not_shown_since_it_may_hold_a_token() -> None:
    target = parse_target("https://executor.example/take?token=planted", allow_private=False)
    assert target.path == "/take?token=planted"
    assert "planted" not in repr(target)
