"""Attributes that no model sees unless a policy says so, by whatever spelling they come."""

import re
from collections.abc import Iterable
from itertools import pairwise

from heed.decisioning.normalize import normalize_name

# Special categories of personal data and criminal convictions: GDPR, articles 9 and 10.
SENSITIVE = frozenset(
    {
        "biometrics", "conviction", "criminal_record", "diagnosis", "diagnoses", "disability", "ethnicity", "ethnic",
        "faith", "genetics", "health", "illness", "political", "politics", "pregnancy", "pregnant", "race", "racial",
        "religion", "religious", "sexual_orientation", "sexuality", "trade_union", "union_member", "union_membership",
    }
)  # fmt: skip
_WORDS = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_sensitive(name: str) -> bool:
    """Whether a name holds a word of `SENSITIVE`, alone or among others.

    Case, spaces, underscores, hyphens, humps and the plural make no difference: ``Religion``, ``sexual orientation``,
    ``customerReligions``. That also takes in what only sounds sensitive, such as ``health_club``: a column left out too
    many costs some accuracy, one too few a right.
    """
    words = name_words(name)
    pairs = {f"{first} {second}" for first, second in pairwise(words)}
    return not _FORBIDDEN.isdisjoint({*words, *pairs})


def withheld_names(names: Iterable[str], allowed: Iterable[str]) -> frozenset[str]:
    """Those of the names that are sensitive and not among the allowed ones, spelt in any way."""
    free = {name_words(name) for name in allowed}
    return frozenset(name for name in names if is_sensitive(name) and name_words(name) not in free)


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name in the singular, in the one form in which names are compared."""
    return tuple(_singular(word) for word in _WORDS.findall(normalize_name(_HUMP.sub(" ", name))))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


_FORBIDDEN = frozenset(" ".join(name_words(name)) for name in SENSITIVE)
