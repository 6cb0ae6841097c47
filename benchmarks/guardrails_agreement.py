"""How often conditions over columns and the same conditions one by one disagree, on conditions and rows at random."""

from collections import Counter
from collections.abc import Mapping
from random import Random

import polars as pl

from benchmarks.fuzzed_conditions import LANGUAGE, VARIABLES, Fuzz
from heed.decisioning.canonical import Scalar
from heed.guardrails.conditions.cel import Condition, Undecidable
from heed.guardrails.vectorized.column_condition import column_types, compile_column_condition

_ROWS = 20


def agreement(cases: int, seed: int) -> Counter[str]:
    """Cases counted by verdict, by `as columns` or `row by row`, and as `disagree` where the two differ."""
    fuzz, found = Fuzz(Random(seed)), Counter[str]()
    while found["cases"] < cases:
        condition = LANGUAGE.condition(fuzz.condition())
        rows = [fuzz.row() for _ in range(min(_ROWS, cases - found["cases"]))]
        translated = compile_column_condition(condition)
        frame = pl.DataFrame(rows, schema=column_types(VARIABLES), orient="row")
        found["as columns" if translated.steps is not None else "row by row"] += len(rows)
        for row, together in zip(rows, translated.decided(frame).to_list(), strict=True):
            alone = _alone(condition, row)
            found["cases"] += 1
            found[{True: "holds", False: "does not hold", None: "undecidable"}[alone]] += 1
            found["disagree"] += together is not alone
    return found


def _alone(condition: Condition, row: Mapping[str, Scalar]) -> bool | None:
    try:
        return condition.holds({name: value for name, value in row.items() if value is not None})
    except Undecidable:
        return None
