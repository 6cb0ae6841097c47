"""What is claimed of a condition for all values holds of values at random, and covers all that occur."""

from random import Random

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzzed_conditions import LANGUAGE, VARIABLES, Fuzz
from heed.guardrails.conditions.cel import CelType
from heed.guardrails.lint.condition_samples import possible_outcomes
from heed.guardrails.vectorized.column_condition import column_types, compile_column_condition
from heed.guardrails.vectorized.syntax_tree import syntax_tree

NAMES = {kind: [name for name, one in VARIABLES.items() if one is kind] for kind in CelType}
ORDER = ("<", "<=", ">", ">=", "==", "!=")


def comparison(random: Random) -> str:
    kind = random.choice(list(CelType))
    name = random.choice(NAMES[kind])
    if kind is CelType.BOOL:
        return name
    constants = {CelType.INT: ("0", "1", "2", "18"), CelType.FLOAT: ("0.0", "1.5", "1.6"),
                 CelType.STRING: ('""', '"a"', '"ab"', '"b"')}[kind]  # fmt: skip
    if random.random() < 0.3:
        return f"{name} in [{random.choice(constants)}, {random.choice(constants)}]"
    return f"{name} {random.choice(ORDER)} {random.choice(constants)}"


def logic(random: Random, depth: int) -> str:
    if depth == 0:
        return comparison(random)
    left, right = logic(random, depth - 1), logic(random, depth - 1)
    return random.choice((f"({left} && {right})", f"({left} || {right})", f"!({left})", f"({left} ? {right} : {left})",
                          f"(({left}) == ({right}))"))  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(random=st.randoms(use_true_random=True), depth=st.integers(0, 3))
def test_no_known_values_come_to_anything_else(random: Random, depth: int) -> None:
    condition = LANGUAGE.condition(logic(random, depth))
    claimed = possible_outcomes(syntax_tree(condition))
    fuzz = Fuzz(random)
    near = [
        {**fuzz.row(0.0), "customer.city": random.choice(("", "a", "aa", "ab", "aba", "b", "c"))} for _ in range(40)
    ]
    known = [row for row in near if None not in row.values()]
    frame = pl.DataFrame(known, schema=column_types(VARIABLES), orient="row")
    assert claimed is None or set(compile_column_condition(condition).decided(frame)) <= claimed


def test_a_condition_without_variables_comes_to_one_thing() -> None:
    assert possible_outcomes(syntax_tree(LANGUAGE.condition("!(1 > 2)"))) == {True}


def test_nothing_is_claimed_of_what_computes() -> None:
    assert possible_outcomes(syntax_tree(LANGUAGE.condition("customer.age + 1 > 2"))) is None
    assert possible_outcomes(syntax_tree(LANGUAGE.condition("customer.age > customer.orders"))) is None
    assert possible_outcomes(syntax_tree(LANGUAGE.condition("customer.city.contains('a')"))) is None


def test_nothing_is_claimed_of_more_combinations_than_can_be_tried() -> None:
    each = "customer.age != {n} && customer.orders != {n} && customer.spent != {n}.0 && customer.score != {n}.0"
    many = " && ".join(each.format(n=n) for n in range(0, 24, 2))
    assert possible_outcomes(syntax_tree(LANGUAGE.condition(many))) is None
