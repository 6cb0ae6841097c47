import pytest

from heed.decisioning.errors import InvalidInput, PolicyError
from heed.guardrails.cases.case_runner import CASES, read_case, run_case, run_cases

FILES = sorted(CASES.rglob("*.yaml"))
CASE = """purpose: A case for the runner.
policy:
  version: 1
  name: bare
  rules:
    - {id: consent, purpose: Ask first., owner: dpo, kind: consent}
    - {id: night, purpose: Let sleep., owner: crm, kind: quiet_hours, windows: [{from: 21:00, to: 07:00}]}
    - {id: sure, purpose: Be sure., owner: crm, kind: confidence, act_at_least: 0.5}
now: 2026-03-04T23:00:00Z
customer:
  time_zone: Europe/Berlin
  contact_points: {mail-1: email}
  consents: [{channel: email, purpose: marketing, status: granted, recorded_at: 2026-01-05T09:00:00Z}]
action: {channel: email}
expect: {effect: suppress, rules: [night], eligible_at: 2026-03-05T06:00:00Z}
"""


@pytest.fixture
def written(tmp_path):
    def write(text, name="case.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}: {path.stem}")
def test_holds(path):
    result = run_case(path)
    assert result.differences == ()
    assert path.parent.name == read_case(path).expect.effect.value


def test_there_are_cases_for_every_effect():
    assert {path.parent.name for path in FILES} == {"allow", "review", "suppress"}
    assert run_cases() == tuple(run_case(path) for path in FILES)


def test_a_case_brings_its_own_policy(written):
    result = run_case(written(CASE))
    assert result.held
    assert [one.rule for one in result.verdicts] == ["consent", "night"]


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("effect: suppress", "effect: review", "effect is suppress, expected review"),
        ("rules: [night]", "rules: [consent]", "decided by night, expected consent"),
        ("rules: [night]", "rules: []", "decided by night, expected no rule"),
        ("T06:00:00Z}", "T07:00:00Z}", "eligible at 2026-03-05T06:00:00+00:00, expected 2026-03-05T07:00:00+00:00"),
        ("purpose: marketing, status", "purpose: service, status", "decided by consent, night, expected night"),
        ("version: 1", "version: 2\n  vocabulary: {channels: [fax]}", None),
    ],
)
def test_a_case_says_how_it_came_out_otherwise(written, old, new, difference):
    result = run_case(written(CASE.replace(old, new)))
    assert difference in (result.differences or (None,))


def test_a_case_can_ask_for_the_second_look(written):
    text = CASE.replace("T23:00", "T12:00").replace("action:", "confidence: 0.4\naction:")
    result = run_case(written(text.split("expect:")[0] + "expect: {effect: review, rules: [sure]}\n"))
    assert result.differences == ()


def test_a_case_can_name_a_policy_file_beside_it(written, tmp_path):
    own = CASE.split("policy:\n")[1].split("now:")[0]
    written("\n".join(line.removeprefix("  ") for line in own.splitlines()), "bare.policy")
    text = CASE.replace(own, "").replace("policy:\n", "policy: bare.policy\n")
    assert run_case(written(text)).held
    assert run_cases(tmp_path)[0].held


def test_cases_run_against_another_policy(written):
    empty = written("version: 1\nname: empty\nrules: []\n", "empty.policy")
    result = run_case(written(CASE), policy=empty)
    assert result.differences[0] == "decided by heed-no-consent-rule, expected night"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("time_zone:", "timezone:", r"case\.yaml:11: .*in `customer\.timezone`"),
        ("now: 2026-03-04T23:00:00Z", "now: 2026-03-04", r"case\.yaml:9: .*in `now`"),
        ("status: granted", "status: yes", r"case\.yaml:13: .*in `customer\.consents\[0\]\.status`"),
        ("kind: confidence", "kind: confidense", r"case\.yaml \(policy\): unknown kind of rule in rule `sure`"),
    ],
)
def test_a_case_that_does_not_read_is_refused_with_its_place(written, old, new, message):
    with pytest.raises(PolicyError, match=message):
        run_case(written(CASE.replace(old, new)))


def test_where_there_is_no_case_nothing_passes_for_one(tmp_path):
    with pytest.raises(InvalidInput, match="no policy case found"):
        run_cases(tmp_path)
    with pytest.raises(PolicyError, match="policy case cannot be read"):
        run_cases(tmp_path / "none.yaml")
