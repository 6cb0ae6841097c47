"""Sensitive attributes, which no model uses unless included explicitly, in any spelling."""

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
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_sensitive(name: str) -> bool:
    """Whether a name contains a word of `SENSITIVE`.

    Case, spaces, underscores, hyphens, camel case and plural are ignored: ``Religion``, ``sexual orientation``,
    ``customerReligions``. Names that only sound sensitive, such as ``health_club``, match as well: leaving out one
    column too many costs some accuracy, using one too many may violate a right.
    """
    words = name_words(name)
    pairs = {f"{first} {second}" for first, second in pairwise(words)}
    return not _FORBIDDEN.isdisjoint({*words, *pairs})


def withheld_names(names: Iterable[str], allowed: Iterable[str]) -> frozenset[str]:
    """The sensitive names that are not allowed, compared in any spelling."""
    free = {name_words(name) for name in allowed}
    return frozenset(name for name in names if is_sensitive(name) and name_words(name) not in free)


def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, normalised and singular, for comparison."""
    return tuple(_singular(word) for word in _WORDS.findall(normalize_name(_CAMEL_CASE.sub(" ", name))))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


_FORBIDDEN = frozenset(" ".join(name_words(name)) for name in SENSITIVE)
