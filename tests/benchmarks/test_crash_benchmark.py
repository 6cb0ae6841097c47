"""What killing the server counts as broken, and that a server which answers too soon is caught."""

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.crashes import __main__ as command
from benchmarks.crashes.checking import Faults, Recorded, Slot, beyond, faults
from benchmarks.crashes.clients import Answered
from benchmarks.crashes.run import Outcome, run
from benchmarks.crashes.stores import store
from benchmarks.crashes.subject import quick

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=1)
ANSWERS = (Answered("k1", "d1", "ada", "act", b"1"), Answered("k2", "d2", "ada", "hold", b"2"))
RECORDED = (Recorded("d1", "k1", "ada", "act", b"1"), Recorded("d2", "k2", "ada", "hold", b"2"))
SLOTS = (Slot("s1", "ada", "d1", NOON),)
KEPT = Faults(0, 0, 0, 0, 0, 0)


def counted(answers=ANSWERS, recorded=RECORDED, slots=SLOTS, chain_breaks=0):
    return faults(answers, recorded, slots, cap=1, window=WINDOW, chain_breaks=chain_breaks)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({}, {}, id="nothing where all is as it was answered"),
        pytest.param({"recorded": RECORDED[:1]}, {"lost": 1}, id="an answer that the ledger does not hold"),
        pytest.param(
            {"recorded": (RECORDED[0], replace(RECORDED[1], body=b"3"))},
            {"altered": 1},
            id="an answer that is recorded otherwise",
        ),
        pytest.param(
            {"recorded": (*RECORDED, replace(RECORDED[1], decision_id="d3"))},
            {"repeated": 1},
            id="a key with two decisions",
        ),
        pytest.param({"slots": ()}, {"doubled": 1}, id="an act without a slot"),
        pytest.param(
            {"slots": (*SLOTS, Slot("s2", "ada", "d1", NOON + 2 * WINDOW))},
            {"doubled": 1},
            id="a decision with two slots",
        ),
        pytest.param(
            {"slots": (*SLOTS, Slot("s2", "ada", None, NOON + WINDOW / 2))}, {"over_cap": 1}, id="a slot beyond the cap"
        ),
        pytest.param({"chain_breaks": 2}, {"chain_breaks": 2}, id="rows that do not verify"),
    ],
)
def test_what_is_broken_is(changed, expected):
    found = counted(**changed)
    assert found == replace(KEPT, **expected)
    assert found.none is (not expected)


def test_a_window_is_open_at_its_start():
    assert beyond([NOON, NOON + WINDOW], 1, WINDOW) == 0
    assert beyond([NOON + WINDOW - timedelta(microseconds=1), NOON], 1, WINDOW) == 1
    assert beyond([NOON] * 5, 2, WINDOW) == 3


KEPT_RUN = Outcome(kills=1, answers=20, retries=0, acts=10, at_cap=1, faults=KEPT)


@pytest.mark.parametrize(
    ("outcome", "why"),
    [
        pytest.param(KEPT_RUN, [], id="nothing against a run that did enough and broke nothing"),
        pytest.param(replace(KEPT_RUN, acts=9), ["only 9 acts"], id="a run of too few acts"),
        pytest.param(replace(KEPT_RUN, at_cap=0), ["no customer ever reached"], id="a run that reached no cap"),
        pytest.param(replace(KEPT_RUN, faults=replace(KEPT, lost=1)), ["lost=1"], id="a run that lost an answer"),
        pytest.param(replace(KEPT_RUN, acts=0, at_cap=0), ["only 0 acts", "no customer"], id="an empty run"),
    ],
)
def test_a_run_proves_something_only_if_it_did_enough(outcome, why):
    found = list(outcome.objections(10))
    assert len(found) == len(why)
    assert all(part in whole for part, whole in zip(why, found, strict=True))


def test_too_few_acts_end_the_command_in_an_error(monkeypatch, capsys):
    monkeypatch.setattr(command, "_killed", lambda *_: replace(KEPT_RUN, acts=0))
    monkeypatch.setattr(sys, "argv", ["crashes", "--quick", "--database", "sqlite"])
    with pytest.raises(SystemExit, match=r"^1$"):
        command.main()
    told = capsys.readouterr()
    assert "only 0 acts were made" in told.err
    assert "| sqlite | 1 | 1 | 20 |" in told.out


def killed(folder, database, *, hasty=False, kills=1) -> Outcome:
    with store(database, folder) as kept:
        subject = quick(folder, hasty=hasty)
        return asyncio.run(run(folder, kept, subject, kills=kills, clients=8, said=lambda _: None))


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_server_killed_under_clients_that_repeat_breaks_no_promise(tmp_path, database):
    found = killed(tmp_path, database)
    assert found.answers > 10
    assert found.acts > 0
    assert found.faults == KEPT


@pytest.mark.slow
def test_a_server_that_answers_before_it_commits_is_caught(tmp_path):
    found = killed(tmp_path, "sqlite", hasty=True)
    assert found.faults.lost > 0
    assert any("promises were broken" in why for why in found.objections(1))
