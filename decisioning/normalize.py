"""The form in which names are compared, so that spelling never decides who is contacted."""

import unicodedata


def normalize_name(name: str) -> str:
    """The form of a channel, purpose, category or type that rules and features compare.

    A withdrawal for ``Email`` must stop an action on ``email``, so names are normalized wherever they enter: requests,
    engagement data, policies. Case, surrounding space and compatible characters (full width, ligatures) make no
    difference: Unicode NFKC with case folding (UAX #15, The Unicode Standard 3.13). The function is idempotent.

    Returns
    -------
    str
        Empty where `name` is blank.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
