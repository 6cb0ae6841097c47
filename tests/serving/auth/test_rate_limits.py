"""How often, and how much at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.errors import InvalidInput
from heed.serving.auth.rate_limit import RateLimiter, limiter_share
from heed.serving.settings import Settings
from tests.serving.api.test_api_problems import assert_problem
from tests.support.in_process_service import running_service
from tests.support.keyed_requests import issue_key


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    waits=st.lists(st.floats(0, 5), max_size=60),
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 20),
)
def test_no_more_pass_than_the_burst_and_what_the_time_has_filled(waits, rate, burst):
    clock = Seconds()
    buckets = RateLimiter(rate, burst, clock)
    passed = 0
    for wait in waits:
        clock.now += wait
        passed += buckets.take("a").allowed
        assert passed <= burst + clock.now * rate + 1e-6


@given(rate=st.floats(0.1, 100), burst=st.integers(1, 20))
def test_whoever_waits_as_told_may_pass(rate, burst):
    clock = Seconds()
    buckets = RateLimiter(rate, burst, clock)
    left = [buckets.take("a") for _ in range(burst + 1)][-1]
    assert not left.allowed
    clock.now += left.retry_after
    assert buckets.take("a").allowed


def test_each_caller_has_a_bucket_of_its_own():
    buckets = RateLimiter(1.0, 1, Seconds())
    assert [buckets.take(one).allowed for one in "aabb"] == [True, False, True, False]


@given(
    waits=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 11)), max_size=60),
    rate=st.floats(0.1, 100),
    burst=st.integers(12, 40),
    shares=st.integers(1, 12),
)
def test_all_processes_together_let_no_more_pass_than_one_would(waits, rate, burst, shares):
    clock = Seconds()
    each = [limiter_share(rate, burst, shares, clock) for _ in range(shares)]
    passed = 0
    for wait, chosen in waits:
        clock.now += wait
        passed += each[chosen % shares].take("a").allowed
        assert passed <= burst + clock.now * rate + 1e-6


def test_a_worker_lets_its_share_of_the_limit_pass(tmp_path):
    with running_service(tmp_path, rate_limit=0.02, rate_burst=5, hosts=2) as heed:
        key = issue_key(heed, "auditor")
        answers = [heed.http.get("/v1/policy", headers=key) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=2;w=200'
        assert "0.01 requests a second" in answers[2].json()["detail"]


def test_the_limit_is_shared_by_all_workers_of_all_hosts():
    elsewhere = {"database_url": "postgresql://heed@127.0.0.1/heed", "ledger_key": "x" * 16}
    assert Settings(workers=4, hosts=3, **elsewhere).rate_limit_processes == 12
    with pytest.raises(InvalidInput, match=r"in `HEED_RATE_BURST`: `11`; set HEED_RATE_BURST to 12 or more"):
        Settings(workers=4, hosts=3, rate_burst=11, **elsewhere).rate_limit_processes  # noqa: B018


def test_a_key_that_asks_too_often_is_told_when_to_ask_again(tmp_path):
    with running_service(tmp_path, rate_limit=0.01, rate_burst=2) as heed:
        key, other = issue_key(heed, "auditor"), issue_key(heed, "auditor", "another")
        answers = [heed.http.get("/v1/policy", headers=key) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert "of heed" not in assert_problem(answers[2], 429, "rate-limited")["remedy"]
        assert 90 <= int(answers[2].headers["retry-after"]) <= 100
        assert [one.headers["ratelimit"].split(";")[1] for one in answers] == ["r=1", "r=0", "r=0"]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=2;w=200'
        assert heed.http.get("/v1/policy", headers=other).status_code == 200
        assert heed.http.get("/livez").status_code == 200


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ({"url": "/v1/decisions?customer_id=" + "x" * 9000}, 414, "too-long"),
        ({"url": "/v1/policy", "headers": {"x-large": "x" * 40_000}}, 431, "headers-too-large"),
        ({"url": "/v1/policy", "headers": [("host", "127.0.0.1"), ("host", "127.0.0.1")]}, 400, "invalid-input"),
        (
            {"url": "/v1/policy", "headers": [("authorization", "a"), ("authorization", "b")]},
            400,
            "invalid-input",
        ),
        ({"url": "/v1/decisions?customer_id=%C3"}, 400, "invalid-input"),
    ],
    ids=["a long path", "large headers", "two hosts", "two keys", "a query that is not UTF-8"],
)
def test_what_is_too_large_or_ambiguous_goes_no_further(heed, asked, status, kind):
    assert_problem(heed.http.get(**asked), status, kind)


def test_a_body_is_refused_by_its_announced_length_before_it_is_read(heed):
    def endless():
        raise AssertionError("the body was read")
        yield b""

    headers = {"content-type": "application/json", "content-length": str(2**40)}
    assert_problem(heed.http.post("/v1/signals", content=endless(), headers=headers), 413, "too-large")


def test_a_body_that_does_not_say_its_length_is_counted_as_it_comes(heed):
    parts = (b" " * 2**20 for _ in range(9))
    answer = heed.http.post("/v1/signals", content=parts, headers={"content-type": "application/json"})
    assert_problem(answer, 413, "too-large")
