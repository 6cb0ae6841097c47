"""Every test that the page of promises names exists, and every promise has some."""

import re

from tests.support.paths import DOCS, REPOSITORY

PAGE = (DOCS / "promises.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_that_is_named_exists():
    sources = {file: (REPOSITORY / file).read_text(encoding="utf-8") for file, _ in NAMED.findall(PAGE)}
    missing = [
        f"{file}::{name}"
        for file, name in NAMED.findall(PAGE)
        if not re.search(rf"^\s*(async )?(def|class) {name}\b", sources[file], flags=re.MULTILINE)
    ]
    assert missing == []


def test_each_of_the_nine_promises_has_tests_that_could_break_it():
    promises = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert [int(promise.partition(".")[0]) for promise in promises] == list(range(1, 10))
    assert [promise for promise in promises if len(NAMED.findall(promise)) < 3] == []
