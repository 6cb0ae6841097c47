"""Jurisdiction packs: dated rules with citations that a policy takes in, and that only ever restrain."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.customer import Consent, ConsentStatus, ContactPoint, Objection
from heed.decisioning.verdict import Effect, combined_effect
from heed.guardrails.packs.pack import available_packs, load_pack
from heed.guardrails.policy.load import DEFAULT_POLICY, parse_policy, policy_from_data
from heed.guardrails.policy.policy_model import CandidateRule
from heed.guardrails.policy_errors import InvalidPolicy
from tests.support.guardrail_builders import CONSENT_RULE, DAY, NOW, action, facts, guard, loaded_text, policy, rule

MAIL, TEXT, CALL = action("mail"), action("text", "sms"), action("call", "call")
BILL = action("bill", purpose="service", message_class="service")
ACTIONS = (MAIL, TEXT, CALL, BILL)
POINTS = tuple(ContactPoint(f"{channel}-1", channel) for channel in ("email", "sms", "call"))
NOON = datetime(2026, 3, 4, 18, tzinfo=UTC)
BARE = rule("consent", "own")


def granted(basis, at=NOW - 30 * DAY, purpose="marketing"):
    channels = ("email", "sms", "call")
    return tuple(Consent(one, purpose, ConsentStatus.GRANTED, at, basis=basis) for one in channels)


def guarded(*packs):
    return guard(BARE, actions=ACTIONS, packs=list(packs))


def deciding(names, about, now=NOON, **customer):
    known = facts(now, **{"contact_points": POINTS, "consents": granted("express"), **customer})
    (verdicts,) = guarded(*names).verdicts(known, [about])
    return [one.rule for one in verdicts if one.effect is not Effect.ALLOW]


def at(hour, minute=0, day=4):
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


class TestEveryPack:
    @pytest.mark.parametrize("name", available_packs())
    def test_has_rules_with_citation_date_and_its_own_name(self, name):
        rules = policy_from_data(policy(packs=[name])).policy.rules
        assert len(rules) == len(load_pack(name).rules)
        for one in rules:
            assert one.id.startswith(f"{name}-")
            assert one.citation, one.id
            assert one.valid_from, one.id
            assert one.valid_from.date() < load_pack(name).compiled_on
            assert len(one.purpose.split()) > 5, one.id

    @pytest.mark.parametrize("name", available_packs())
    def test_says_that_it_is_no_legal_advice_and_when_it_was_compiled(self, name):
        assert load_pack(name).pack == name
        assert "not legal advice" in load_pack(name).notice
        assert load_pack(name).compiled_on >= date(2026, 11, 1)

    @pytest.mark.parametrize("name", available_packs())
    def test_only_restrains_and_only_marketing_of_its_own_jurisdictions(self, name):
        for one in policy_from_data(policy(packs=[name])).policy.rules:
            assert isinstance(one, CandidateRule)
            assert not one.permits, one.id
            assert one.scope.jurisdictions, one.id
            assert [each.value for each in one.scope.message_classes] == ["marketing"], one.id

    def test_is_listed(self):
        assert available_packs() == ("ca", "eu", "uk", "us")


class TestTakingIn:
    def test_puts_the_rules_after_the_policy_s_own_in_the_order_named(self):
        rules = guarded("uk", "eu").policy.rules
        assert [one.id.split("-")[0] for one in rules] == ["own", *["uk"] * 3, *["eu"] * 3]

    def test_makes_their_content_part_of_the_policy_s(self):
        one = policy_from_data(policy(BARE, packs=["eu"])).policy
        assert one.hash != policy_from_data(policy(BARE)).policy.hash
        assert b"2002/58/EC" in one.content
        again = parse_policy(one.content.decode()).policy
        assert (again, again.hash, again.packs) == (one, one.hash, ())

    def test_keeps_the_policy_s_own_words_and_needs_no_channel_in_the_catalogue(self):
        words = {"channels": ["fax", "email"]}
        one = guard(BARE, packs=["ca"], vocabulary=words).policy
        assert one.vocabulary.channels == ("fax", "email", "sms", "push", "web", "post", "call")

    def test_leaves_the_default_policy_as_it_is_without_packs(self):
        text = DEFAULT_POLICY.read_text(encoding="utf-8")
        with_all = parse_policy(text.replace("packs: []", "packs: [eu, uk, us, ca]")).policy
        assert parse_policy(text).policy.packs == ()
        assert len(with_all.rules) > len(parse_policy(text).policy.rules)

    @pytest.mark.parametrize(
        ("packs", "message"),
        [
            ("[ue]", r"policy\.yaml:3: unknown pack in field `packs\[0\]`: `ue`; use one of ca, eu, uk, us"),
            ("[eu, mars]", r"unknown pack in field `packs\[1\]`: `mars`; use one of ca, eu, uk, us"),
            ("[eu, eu]", r"duplicate pack in field `packs\[1\]`: `eu`; keep one"),
            ("eu", r"value is not a list in field `packs`: `eu`; write a list, such as `packs: \[eu\]`"),
            ("[1]", r"value is not text in field `packs\[0\]`: `1`"),
        ],
    )
    def test_refuses(self, packs, message):
        with pytest.raises(InvalidPolicy, match=message):
            loaded_text(f"version: 1\nname: test\npacks: {packs}\nrules: []\n")

    def test_names_the_line_of_the_pack_whose_rule_is_at_fault(self):
        own = "  - {id: eu-objection, purpose: Mine., owner: me, kind: objection}\n"
        with pytest.raises(InvalidPolicy, match=r"policy\.yaml:4: duplicate rule id in rule `eu-objection`"):
            loaded_text(f"version: 1\nname: test\npacks:\n  - eu\nrules:\n{own}")

    @pytest.mark.parametrize("vocabulary", ["[email]", "{channels: email}", "{chanels: [email]}"])
    def test_leaves_what_is_wrong_elsewhere_to_the_schema(self, vocabulary):
        with pytest.raises(InvalidPolicy, match="vocabulary"):
            loaded_text(f"version: 1\nname: test\npacks: [eu]\nvocabulary: {vocabulary}\nrules: []\n")


class TestEurope:
    @pytest.mark.parametrize(
        ("basis", "stopped"),
        [
            ("express", []), ("consent", []), ("soft_opt_in", ["eu-calls-and-other-channels"]),
            ("legitimate_interest", ["eu-electronic-mail", "eu-calls-and-other-channels"]),
            (None, ["eu-electronic-mail", "eu-calls-and-other-channels"]),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("jurisdiction", ["DE", "FR-IDF", "NO", "EU", "EL", None])
    def test_takes_a_sale_as_consent_for_mail_and_not_for_calls(self, basis, stopped, jurisdiction):
        known = {"consents": granted(basis), "jurisdiction": jurisdiction}
        assert deciding(["eu"], MAIL, **known) == [one for one in stopped if one == "eu-electronic-mail"]
        assert deciding(["eu"], CALL, **known) == [one for one in stopped if one == "eu-calls-and-other-channels"]

    @pytest.mark.parametrize("jurisdiction", ["US-CA", "GB", "UK", "CH"])
    def test_says_nothing_elsewhere(self, jurisdiction):
        assert deciding(["eu"], MAIL, consents=granted("soft_opt_in"), jurisdiction=jurisdiction) == []

    def test_lets_service_messages_be(self):
        known = {"consents": granted(None, purpose="service"), "jurisdiction": "DE"}
        assert deciding(["eu", "uk"], BILL, **known, objections=(Objection(NOW),)) == []

    @pytest.mark.parametrize(("name", "jurisdiction"), [("eu", "DE"), ("uk", "GB"), ("us", "US-NY"), ("ca", "CA-QC")])
    def test_and_everywhere_an_objection_stops_marketing(self, name, jurisdiction):
        known = {"jurisdiction": jurisdiction, "consents": granted("express_written" if name == "us" else "express")}
        (stopped,) = deciding([name], TEXT, **known, objections=(Objection(NOW),))
        assert stopped in {f"{name}-objection", "us-do-not-call", "ca-unsubscribe"}


EAST, CENTRAL, WEST = "America/New_York", "America/Chicago", "America/Los_Angeles"
HOURS = {"US-NY": (EAST, 8, 21), "US-FL": (EAST, 8, 20), "US-OK": (CENTRAL, 8, 20), "US-WA": (WEST, 8, 20),
         "US-TX": (CENTRAL, 9, 21)}  # fmt: skip


class TestUnitedStates:
    def free(self, jurisdiction, now, zone=None):
        known = {"jurisdiction": jurisdiction, "time_zone": zone, "consents": granted("express_written")}
        return not deciding(["us"], CALL, now, **known)

    @pytest.mark.parametrize("state", list(HOURS))
    def test_calls_only_within_the_hours_of_the_state(self, state):
        # Wednesday 15 July 2026, from midnight in UTC on; every zone keeps summer time.
        zone, first, last = HOURS[state]
        offset = {EAST: 4, CENTRAL: 5, WEST: 7}[zone]
        for hour in range(24):
            now = datetime(2026, 7, 15, hour, tzinfo=UTC)
            local = (hour - offset) % 24
            assert self.free(state, now, zone) is (first <= local < last), (state, local)

    def test_calls_in_texas_on_sundays_from_noon_on(self):
        sunday = datetime(2026, 7, 19, tzinfo=UTC)
        free = [self.free("US-TX", sunday.replace(hour=hour), "America/Chicago") for hour in (16, 17, 23)]
        assert free == [False, True, True]

    def test_a_customer_somewhere_in_the_country_has_the_hours_of_the_strictest_state(self):
        evening = datetime(2026, 7, 16, 0, 30, tzinfo=UTC)
        assert self.free("US-NY", evening, "America/New_York")
        assert not self.free("US", evening, "America/New_York")
        assert not self.free(None, evening, "America/New_York")

    def test_of_an_unknown_zone_every_zone_of_the_country_must_allow(self):
        assert self.free("US", datetime(2026, 7, 15, 18, tzinfo=UTC))
        assert not self.free("US", datetime(2026, 7, 15, 17, 59, tzinfo=UTC))
        assert not self.free(None, datetime(2026, 7, 15, 18, tzinfo=UTC))

    def test_asks_for_written_consent_to_calls_and_texts_and_not_to_mail(self):
        known = {"jurisdiction": "US-NY", "consents": granted("express"), "time_zone": "America/New_York"}
        assert deciding(["us"], CALL, **known) == deciding(["us"], TEXT, **known) == ["us-written-consent"]
        assert deciding(["us"], MAIL, **known) == []

    def test_restrains_channels_that_it_does_not_know(self):
        chat = action("chat", "chat")
        known = facts(at(3), jurisdiction="US", time_zone="America/New_York")
        one = guard(BARE, actions=(chat,), packs=["us"])
        (verdicts,) = one.verdicts(known, [chat])
        assert "us-calling-hours" in [verdict.rule for verdict in verdicts if verdict.effect is Effect.SUPPRESS]

    @pytest.mark.parametrize(("year", "stopped"), [(2021, []), (2022, []), (2023, ["us-ok-calling-hours"])])
    def test_is_judged_by_the_law_of_the_day(self, year, stopped):
        evening = datetime(year, 7, 15, 1, 30, tzinfo=UTC)
        known = {"jurisdiction": "US-OK", "time_zone": "America/Chicago"}
        assert deciding(["us"], CALL, evening, consents=granted("express_written", evening - DAY), **known) == stopped


class TestCanada:
    @pytest.mark.parametrize(
        ("basis", "days", "stopped"),
        [
            ("express", 3000, False), ("implied_purchase", 729, False), ("implied_purchase", 730, True),
            ("implied_inquiry", 180, False), ("implied_inquiry", 181, True), ("implied", 181, True),
            ("soft_opt_in", 1, True),
        ],
    )  # fmt: skip
    def test_lets_implied_consent_expire(self, basis, days, stopped):
        known = {"jurisdiction": "CA-ON", "consents": granted(basis, NOON - days * DAY)}
        assert deciding(["ca"], MAIL, **known) == ["ca-electronic-messages"] * stopped

    def test_calls_less_at_weekends(self):
        known = {"jurisdiction": "CA-ON", "time_zone": "America/Toronto"}
        free = {day: not deciding(["ca"], CALL, datetime(2026, 7, day, 23, tzinfo=UTC), **known) for day in (17, 18)}
        assert free == {17: True, 18: False}


bases = st.sampled_from([None, "express", "express_written", "implied", "soft_opt_in"])
known_places = st.sampled_from(["DE", "GB", "US", "US-TX", "US-FL", "CA", "CA-QC", "EU", "CH", "GU"])
hours = st.integers(0, 400).map(lambda n: NOON + n * DAY / 24)


@settings(max_examples=80, deadline=None)
@given(bases, known_places, hours, st.sampled_from([MAIL, TEXT, CALL]), st.sampled_from(["Europe/Berlin", None]))
def test_an_unknown_jurisdiction_is_never_freer_than_any_known_one(basis, place, now, about, zone):
    known = {"consents": granted(basis), "time_zone": zone}
    unknown = deciding(available_packs(), about, now, jurisdiction=None, **known)
    assert unknown or not deciding(available_packs(), about, now, jurisdiction=place, **known)


@settings(max_examples=60, deadline=None)
@given(bases, known_places | st.none(), hours, st.sampled_from(ACTIONS), st.sampled_from(available_packs()))
def test_a_pack_never_frees(basis, place, now, about, name):
    known = facts(now, contact_points=POINTS, consents=granted(basis), jurisdiction=place)
    without, within = guard(CONSENT_RULE, actions=ACTIONS), guard(CONSENT_RULE, actions=ACTIONS, packs=[name])
    before, after = (combined_effect(one.verdicts(known, [about])[0]) for one in (without, within))
    assert before is Effect.ALLOW or after is Effect.SUPPRESS
