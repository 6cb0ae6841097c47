"""The five tables as pandera schemas: columns, types, ranges, defaults.

A column that no schema names is an attribute, hence a feature: numeric, boolean or text.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final
from zoneinfo import available_timezones

import pandas as pd
import pandera.pandas as pa

from heed.decisioning.catalogue import HOLD, Autonomy, MessageClass

TIME: Final = "datetime64[us, UTC]"
# Marks the columns that rules and features compare exactly, which are therefore normalised.
WORD: Final = {"word": True}
HARMS = ("opt_out", "complaint", "unsubscribe")
OPTIONAL_TABLES = ("signals", "outcomes")
# The column to blame for the rule over two columns, for which pandera reports all columns.
ROW_RULE_COLUMN = "valid_until"

Series = pd.Series
Rule = Callable[[Series], Series]


def _check(rule: Rule, reason: str) -> pa.Check:
    return pa.Check(rule, error=reason)


def _key() -> pa.Column:
    return pa.Column(str, unique=True, report_duplicates="exclude_first")


def _text(*checks: pa.Check) -> pa.Column:
    return pa.Column(str, list(checks))


def _optional_text(*checks: pa.Check, default: str | None = None) -> pa.Column:
    return pa.Column(str, list(checks), nullable=True, required=False, default=default)


def _word() -> pa.Column:
    return pa.Column(str, metadata=WORD)


def _optional_word() -> pa.Column:
    return pa.Column(str, nullable=True, required=False, metadata=WORD)


def _number(*checks: pa.Check) -> pa.Column:
    return pa.Column(float, list(checks))


def _optional_number(*checks: pa.Check, default: float | None = None) -> pa.Column:
    return pa.Column(float, list(checks), nullable=True, required=False, default=default)


def _time() -> pa.Column:
    return pa.Column(TIME)


def _optional_time() -> pa.Column:
    return pa.Column(TIME, nullable=True, required=False)


def _one_of(values: type[MessageClass] | type[Autonomy]) -> pa.Check:
    names = [value.value for value in values]
    return _check(lambda column: column.isin(names), f"must be one of {', '.join(names)}")


def _at_least_zero() -> pa.Check:
    return _check(lambda column: column >= 0, "must be 0 or more")


def _above_zero() -> pa.Check:
    return _check(lambda column: column > 0, "must be greater than 0")


def _probability() -> pa.Check:
    return _check(
        lambda column: (column > 0) & (column <= 1),
        "must be greater than 0 and at most 1",
    )


def _not_hold() -> pa.Check:
    return _check(
        lambda column: column != HOLD,
        f"the id {HOLD} is reserved: it is a candidate without being an action",
    )


def _zone() -> pa.Check:
    reason = "is not an IANA time zone: write a name such as Europe/Berlin"
    return _check(lambda column: column.isin(_zones()), reason)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _interval(frame: pd.DataFrame) -> Series:
    return ~(frame["valid_from"] >= frame["valid_until"])


@cache
def table_schemas() -> Mapping[str, pa.DataFrameSchema]:
    """The schema of each table by its name, in the contract's order."""
    return {
        "actions": pa.DataFrameSchema(
            {
                "action_id": pa.Column(str, [_not_hold()], unique=True, report_duplicates="exclude_first"),
                "channel": _word(),
                "purpose": _word(),
                "category": _word(),
                "message_class": _optional_text(_one_of(MessageClass), default=MessageClass.MARKETING.value),
                "value": _number(_at_least_zero()),
                "cost": _optional_number(_at_least_zero(), default=0.0),
                "outcome": _word(),
                "window_days": _number(_above_zero()),
                "autonomy": _optional_text(_one_of(Autonomy), default=Autonomy.ASSIST.value),
                "valid_from": _optional_time(),
                "valid_until": _optional_time(),
                "eligibility": _optional_text(),
            },
            checks=pa.Check(_interval, error="must be later than valid_from"),
        ),
        "customers": pa.DataFrameSchema(
            {
                "customer_id": _key(),
                "time_zone": _optional_text(_zone()),
                "jurisdiction": _optional_text(),
            }
        ),
        "signals": pa.DataFrameSchema(
            {
                "signal_id": _key(),
                "customer_id": _text(),
                "at": _time(),
                "type": _word(),
                "channel": _optional_word(),
                "certainty": _optional_number(_probability(), default=1.0),
                "value": _optional_number(),
            }
        ),
        "contacts": pa.DataFrameSchema(
            {
                "contact_id": _key(),
                "customer_id": _text(),
                "action_id": _text(),
                "at": _time(),
                "propensity": _optional_number(_probability()),
                "policy": _optional_text(),
                "observed_until": _optional_time(),
            }
        ),
        "outcomes": pa.DataFrameSchema(
            {
                "outcome_id": _key(),
                "customer_id": _text(),
                "contact_id": _optional_text(),
                "type": _word(),
                "at": _time(),
                "value": _optional_number(),
            }
        ),
    }


def attribute_columns(table: str, frame: pd.DataFrame) -> tuple[str, ...]:
    """The columns of `frame` that the contract does not name, sorted: attributes, hence features."""
    return tuple(sorted(name for name in frame.columns if name not in table_schemas()[table].columns))
