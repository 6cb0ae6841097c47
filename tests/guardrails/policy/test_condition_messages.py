"""A condition that does not read is refused with a caret under the place and what to write instead."""

import pytest

from heed.guardrails.policy_errors import InvalidPolicy
from tests.support.guardrail_builders import loaded_text

HEAD = """version: 1
name: test
context: {customer.age: int, customer.spent: float, customer.city: string}
rules:
  - {id: consent, purpose: Ask first., owner: dpo, kind: consent}
  - id: adults
    purpose: Adults only.
    owner: crm
    kind: condition
    allow_when: """


@pytest.mark.parametrize(
    ("text", "caret", "message", "remedy"),
    [
        pytest.param("customer.agee >= 18", 0, "unknown name `customer.agee`", "did you mean `customer.age`?",
                     id="a misspelt field"),
        pytest.param("true && age >= 18", 8, "unknown name `age`", "did you mean `customer.age`?",
                     id="a field without its source"),
        pytest.param("customer.city.startWith('B')", 14, "unknown name `startWith`", "did you mean `startsWith`?",
                     id="a misspelt function"),
        pytest.param("customer.city == Berlin", 17, "unknown name `Berlin`", 'put text in quotes, as in `"Berlin"`',
                     id="text without quotes"),
        pytest.param("customer.tier == 'gold'", 0, "unknown name `customer.tier`", "declare it under `context`",
                     id="a field that nobody declared"),
        pytest.param("customer.age >= 18.0", 13, "`>=` does not go with a whole number and a decimal number",
                     "write `18` beside what is declared as int", id="a decimal for a whole number"),
        pytest.param("customer.spent > 5", 15, "`>` does not go with a decimal number and a whole number",
                     "`18.0` beside what is declared as float", id="a whole number for a decimal"),
        pytest.param("customer.city > 3", 14, "`>` does not go with text and a whole number",
                     "text stands in quotes, numbers do not", id="a number for text"),
        pytest.param("customer.age = 18", 13, "condition is invalid at `=`", "write `==`", id="one equals sign"),
        pytest.param("customer.age => 18", 13, "condition is invalid at `=>`", "write `>=`", id="signs in turn"),
        pytest.param("customer.age >= 18 and true", 19, "condition is invalid at `and`", "write `&&`",
                     id="a word for a sign"),
        pytest.param("customer.age >=", 15, "condition is incomplete", "as in `customer.age >= 18`",
                     id="half a comparison"),
    ],
)  # fmt: skip
def test_it_says_where_what_and_what_instead(text: str, caret: int, message: str, remedy: str) -> None:
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:10: ") as caught:
        loaded_text(HEAD + text + "\n")
    first, shown, pointer = str(caught.value).split("\n")
    assert first.startswith(f"policy.yaml:10: {message} in rule `adults`, field `allow_when`; ")
    assert remedy in first
    assert shown == f"    {text}"
    assert pointer == " " * (4 + caret) + "^"


def test_a_condition_that_is_no_question_is_refused() -> None:
    with pytest.raises(
        InvalidPolicy, match="condition is of type int in rule `adults`, field `allow_when`; write a com"
    ):
        loaded_text(HEAD + "customer.age\n")


@pytest.mark.parametrize("fields", ["kind: condition", "kind: quiet_hours", "kind: cool_down\n    window: 5d"])
def test_what_is_missing_between_fields_is_said_without_a_made_up_example(fields: str) -> None:
    head = HEAD.partition("    kind: condition")[0]
    with pytest.raises(InvalidPolicy, match=r"policy\.yaml:6: needs .* in rule `adults`$"):
        loaded_text(f"{head}    {fields}\n")


def test_a_moment_that_is_none_is_refused_with_one_that_is() -> None:
    with pytest.raises(
        InvalidPolicy, match=r"value is not a date and time .*: `tomorrow`; write it as in `valid_from: 2026-03-01T"
    ):
        loaded_text(HEAD + "customer.age > 3\n    valid_from: tomorrow\n")
