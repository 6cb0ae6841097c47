"""Jurisdictions of customers: countries, their parts, and the European Union.

Codes are those of ISO 3166: a country (`DE`) or a part of one (`US-CA`), and `EU` for all countries of the Union.
"""

import re
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache

# Member states since 1 February 2020. A new member is added here.
_GROUPS: Mapping[str, frozenset[str]] = {
    "EU": frozenset(
        "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
    )
}
# The institutions of the Union use other codes than ISO for these two.
_ALIASES: Mapping[str, str] = {"UK": "GB", "EL": "GR"}
# Codes that data sets use for an unknown country.
_NOWHERE = frozenset({"XX", "ZZ"})
_CODE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


@lru_cache(maxsize=4096)
def canonical_code(code: str) -> str | None:
    """The normalized code, None where it is not a code of a place."""
    country, dash, part = code.strip().upper().partition("-")
    spelt = _ALIASES.get(country, country) + dash + part
    return None if _CODE.fullmatch(spelt) is None or country in _NOWHERE else spelt


class Membership(Enum):
    """Whether a customer lives in one of several places."""

    SURELY = "surely"
    MAYBE = "maybe"
    NOT = "not"


@lru_cache(maxsize=8192)
def membership(own: str | None, named: tuple[str, ...]) -> Membership:
    """Whether a customer of jurisdiction `own` is in one of the named places, which are canonical codes.

    Maybe where `own` is unknown or not a code of a place, or is a whole of which only a part is named.
    """
    place = None if own is None else canonical_code(own)
    if place is None:
        return Membership.MAYBE
    if any(_lies_in(place, code) for code in named):
        return Membership.SURELY
    return Membership.MAYBE if any(_may_lie_in(place, code) for code in named) else Membership.NOT


def _lies_in(own: str, named: str) -> bool:
    return own == named or own.startswith(f"{named}-") or own.partition("-")[0] in _GROUPS.get(named, ())


def _may_lie_in(own: str, named: str) -> bool:
    return named.startswith(f"{own}-") or named.partition("-")[0] in _GROUPS.get(own, ())
