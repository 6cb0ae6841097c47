from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.verdict import Effect, Verdict, combined_effect, decisive_verdict
from tests.support.doubles import NOW

_verdicts = st.lists(
    st.builds(
        Verdict,
        rule=st.sampled_from(["a", "b", "c"]),
        effect=st.sampled_from(list(Effect)),
        reason=st.just("Said."),
        eligible_at=st.none() | st.integers(1, 9).map(lambda hours: NOW + timedelta(hours=hours)),
    ),
    max_size=6,
)


def test_no_verdict_at_all_suppresses():
    assert combined_effect(()) is Effect.SUPPRESS


@given(_verdicts)
def test_suppress_beats_review_beats_allow(verdicts):
    said = [verdict.effect for verdict in verdicts]
    expected = next((one for one in (Effect.SUPPRESS, Effect.REVIEW) if one in said), None)
    if expected is None:
        expected = Effect.ALLOW if said else Effect.SUPPRESS
    assert combined_effect(verdicts) is expected


@given(_verdicts, st.randoms())
def test_the_order_of_verdicts_changes_no_effect(verdicts, random):
    shuffled = list(verdicts)
    random.shuffle(shuffled)
    assert combined_effect(shuffled) is combined_effect(verdicts)


def test_the_binding_verdict_outlasts_the_others():
    short = Verdict("cap", Effect.SUPPRESS, "Said.", NOW + timedelta(hours=1))
    long = Verdict("quiet", Effect.SUPPRESS, "Said.", NOW + timedelta(hours=9))
    endless = Verdict("consent", Effect.SUPPRESS, "Said.")
    ask = Verdict("size", Effect.REVIEW, "Said.")
    assert decisive_verdict([ask, short, long]) is long
    assert decisive_verdict([ask, short, endless, long]) is endless
    assert decisive_verdict([ask]) is ask
    assert decisive_verdict([Verdict("a", Effect.ALLOW, "Said.")]) is None
