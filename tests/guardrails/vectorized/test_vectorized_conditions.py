"""Conditions over columns give the verdicts that the same conditions give one by one."""

from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzzed_conditions import LANGUAGE, VARIABLES, Fuzz
from heed.guardrails.conditions.cel import CelType, InvalidCondition, Undecidable, coerce
from heed.guardrails.vectorized.column_condition import column_types, compile_column_condition

UNKNOWN: dict[str, Any] = dict.fromkeys(VARIABLES)


def one_by_one(text: str, rows: list[dict[str, Any]]) -> list[bool | None]:
    return [alone(text, row) for row in rows]


def alone(text: str, row: dict[str, Any]) -> bool | None:
    try:
        return LANGUAGE.condition(text).holds({name: value for name, value in row.items() if value is not None})
    except Undecidable:
        return None


def in_columns(text: str, rows: list[dict[str, Any]]) -> list[bool | None]:
    frame = pl.DataFrame(rows, schema=column_types(VARIABLES), orient="row")
    return compile_column_condition(LANGUAGE.condition(text)).decided(frame).to_list()


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=True))
def test_columns_and_rows_agree_on_conditions_at_random(random: Random) -> None:
    fuzz = Fuzz(random)
    text = fuzz.condition()
    rows = [fuzz.row() for _ in range(12)]
    assert in_columns(text, rows) == one_by_one(text, rows)


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        pytest.param("customer.age > 17", {}, None, id="an unknown value cannot be decided"),
        pytest.param("customer.member && customer.age > 17", {"customer.member": False}, False,
                     id="false absorbs what is unknown"),
        pytest.param("customer.age > 17 || customer.member", {"customer.member": True}, True,
                     id="true absorbs what is unknown, whichever side it is on"),
        pytest.param("customer.member && customer.age > 17", {"customer.member": True}, None,
                     id="true does not absorb it under and"),
        pytest.param("customer.member ? customer.age > 17 : true", {"customer.member": False}, True,
                     id="the branch not taken may be unknown"),
        pytest.param("customer.member ? true : true", {}, None, id="an unknown question has no answer"),
        pytest.param("customer.city in ['a', context.page]", {"customer.city": "a"}, None,
                     id="a list with an unknown item is unknown"),
        pytest.param("customer.age + customer.orders > 0", {"customer.age": 2**63 - 1, "customer.orders": 1}, None,
                     id="an overflow cannot be decided"),
        pytest.param("-customer.age > 0", {"customer.age": -(2**63)}, None, id="the least number has no opposite"),
        pytest.param("customer.age / customer.orders == -3", {"customer.age": -7, "customer.orders": 2}, True,
                     id="division rounds towards zero"),
        pytest.param("customer.age % customer.orders == -1", {"customer.age": -7, "customer.orders": 2}, True,
                     id="a remainder has the sign of the dividend"),
        pytest.param("customer.age / customer.orders == 0", {"customer.age": 1, "customer.orders": 0}, None,
                     id="nothing is divided by nothing"),
        pytest.param("customer.spent / 0.0 > 1.0", {"customer.spent": 1.0}, True, id="floats divide to infinity"),
        pytest.param("customer.spent / customer.score == customer.spent / customer.score",
                     {"customer.spent": 0.0, "customer.score": 0.0}, False, id="what is no number equals nothing"),
        pytest.param("customer.spent / customer.score < customer.spent", {"customer.score": 0.0}, None,
                     id="what is unknown stays so beside what is no number"),
        pytest.param("size(customer.city) == 1", {"customer.city": "\U0001f600"}, True,
                     id="text is as long as it has characters"),
        pytest.param("customer.city < 'é'", {"customer.city": "z"}, True, id="text is ordered by code point"),
        pytest.param("customer.city.matches('^[a-z]+$')", {"customer.city": "ab"}, True,
                     id="a pattern is decided row by row"),
        pytest.param("[1, 2].exists(x, x > customer.age)", {"customer.age": 1}, True,
                     id="a macro is decided row by row"),
        pytest.param("1.0 / 3.0 < 0.5", {}, True, id="a condition without variables"),
        pytest.param("dyn(customer.age) == 1.0", {"customer.age": 1}, True, id="types known only when it runs"),
    ],
)  # fmt: skip
def test_what_columns_decide(text: str, row: dict[str, Any], expected: bool | None) -> None:  # noqa: FBT001
    rows = [{**UNKNOWN, **row}, UNKNOWN]
    assert in_columns(text, rows)[0] is expected
    assert in_columns(text, rows) == one_by_one(text, rows)


def test_zeros_of_either_sign_divide_apart_row_by_row() -> None:
    rows = [{**UNKNOWN, "customer.spent": 0.0, "customer.city": "a"},
            {**UNKNOWN, "customer.spent": -0.0, "customer.city": "a"}]  # fmt: skip
    text = "customer.city.matches('a') && 1.0 / customer.spent > 0.0"
    assert in_columns(text, rows) == [True, False]


def test_no_rows_get_no_verdicts() -> None:
    assert in_columns("customer.age > 17", []) == []
    assert in_columns("true", []) == []


@pytest.mark.parametrize("text", ["customer.age > 17 && customer.city in ['a', 'b']", "customer.city.contains('a')",
                                  "double(customer.age) * 1.5 > customer.spent"])  # fmt: skip
def test_usual_conditions_are_decided_as_columns(text: str) -> None:
    assert compile_column_condition(LANGUAGE.condition(text)).steps is not None


def test_the_deepest_condition_is_decided_as_columns() -> None:
    text = "customer.age" + " + 1" * 29 + " > 39"
    rows = [{**UNKNOWN, "customer.age": 11}, {**UNKNOWN, "customer.age": 10}]
    assert compile_column_condition(LANGUAGE.condition(text)).steps is not None
    assert in_columns(text, rows) == [True, False]


def test_a_deeper_condition_is_refused() -> None:
    with pytest.raises(InvalidCondition, match="nested too deeply"):
        LANGUAGE.condition("customer.age" + " + 1" * 40 + " > 39")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        pytest.param(2**63, CelType.INT, None, id="a whole number beyond 64 bits"),
        pytest.param(-(2**63), CelType.INT, -(2**63), id="the least whole number of 64 bits"),
        pytest.param(1e30, CelType.INT, None, id="a float beyond 64 bits"),
        pytest.param(10**400, CelType.FLOAT, None, id="a number beyond the largest float"),
        pytest.param("\ud800", CelType.STRING, None, id="half a character"),
        pytest.param("é", CelType.STRING, "é", id="text"),
    ],
)
def test_values_that_fit_no_column_are_unknown(value: Any, kind: CelType, expected: Any) -> None:
    assert coerce(value, kind) == expected


def test_a_method_of_a_variable_sees_its_value() -> None:
    condition = LANGUAGE.condition("customer.city.startsWith('a')")
    assert condition.holds({"customer.city": "ab"})
    assert set(condition.variables) == {"customer.city"}
