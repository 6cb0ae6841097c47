import pytest

from heed.decisioning.customer import Suppression
from heed.decisioning.verdict import Effect
from tests.support.guardrail_builders import DAY, NOW, action, facts, guard, rule, verdict_of


def verdict_on(*entries):
    return verdict_of(guard(rule("suppression")), facts(suppressions=entries), action(), "suppression")


def entry(channel=None, until=None, at=NOW - DAY):
    return Suppression("bereavement", at, channel, until)


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param((), id="nobody is on the list"),
        pytest.param((entry("sms"),), id="the entry is for another channel"),
        pytest.param((entry(until=NOW),), id="the entry ends now"),
    ],
)
def test_allows_when(entries):
    verdict = verdict_on(*entries)
    assert (verdict.effect, verdict.reason) == (Effect.ALLOW, "Not on the suppression list for email.")


@pytest.mark.parametrize(
    ("entries", "eligible_at", "reason"),
    [
        pytest.param((entry(),), None, "for all channels since 2026-03-03, without an end.", id="for all, for good"),
        pytest.param((entry("email"),), None, "for email since 2026-03-03", id="for the channel"),
        pytest.param((entry("email", NOW + DAY),), NOW + DAY, "until 2026-03-05 10:00 UTC.", id="for a day"),
        pytest.param((entry(at=NOW + DAY),), None, "since 2026-03-05", id="by an entry dated ahead"),
        pytest.param((entry(until=NOW + DAY), entry("email", NOW + 3 * DAY)), NOW + 3 * DAY, "2026-03-07", id="twice"),
        pytest.param((entry(until=NOW + DAY), entry("email")), None, "without an end", id="for a day and for good"),
    ],
)
def test_suppresses(entries, eligible_at, reason):
    verdict = verdict_on(*entries)
    assert (verdict.effect, verdict.eligible_at) == (Effect.SUPPRESS, eligible_at)
    assert reason in verdict.reason


def test_the_entry_s_own_reason_stays_private():
    assert "bereavement" not in verdict_on(entry()).reason
