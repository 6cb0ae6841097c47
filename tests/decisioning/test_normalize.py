import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.decisioning.normalize import normalize_name

FULL_WIDTH = "\N{FULLWIDTH LATIN CAPITAL LETTER E}\N{FULLWIDTH LATIN SMALL LETTER M}ail"


@pytest.mark.parametrize(
    "spelling",
    ["email", "Email", "EMAIL", " email ", "\temail\n", "\u00a0email", FULL_WIDTH],
    ids=["plain", "title", "capitals", "spaces", "tab and line break", "no-break space", "full width"],
)
def test_spellings_of_one_name_have_one_form(spelling):
    assert normalize_name(spelling) == "email"


@pytest.mark.parametrize(
    ("one", "other"),
    [("e-mail", "email"), ("e mail", "email"), ("sms", "mms"), ("*", "email")],
    ids=lambda name: name,
)
def test_other_names_stay_apart(one, other):
    assert normalize_name(one) != normalize_name(other)


def test_letters_that_fold_to_several_are_folded():
    assert normalize_name("STRASSE") == normalize_name("straße") == "strasse"


def test_nothing_but_space_is_nothing():
    assert normalize_name(" \t\u3000") == ""


@given(st.text())
def test_the_form_is_its_own_form(name):
    assert normalize_name(normalize_name(name)) == normalize_name(name)


@given(st.text(alphabet=st.characters(max_codepoint=0x7F)))
def test_ascii_only_loses_case_and_surrounding_space(name):
    assert normalize_name(name) == name.strip().lower()
