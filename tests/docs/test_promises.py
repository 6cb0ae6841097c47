"""Every test that the page of promises names exists, and every promise has some."""

import re

import pytest

from tests.support.paths import DOCS, REPOSITORY

PAGE = (DOCS / "promises.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
PROMISES = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)), ids=lambda part: part.rpartition("/")[2])
def test_a_test_that_is_named_exists(file, name):
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    assert re.search(rf"^\s*(async )?(def|class) {name}\b", text, flags=re.MULTILINE)


def test_the_nine_promises_are_all_there():
    assert [int(one.partition(".")[0]) for one in PROMISES] == list(range(1, 10))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda one: one.partition("\n")[0])
def test_a_promise_has_tests_that_could_break_it(promise):
    assert len(re.findall(r"`tests/[\w/]+\.py::\w+`", promise)) >= 3
