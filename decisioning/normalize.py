"""The one form in which names are compared, so that spelling never decides who is contacted."""

import unicodedata


def normalize_name(name: str) -> str:
    """The form of a channel, purpose, category or type that rules and features compare exactly.

    A withdrawal for ``Email`` must stop an action on ``email``, so names take this form wherever they come in:
    requests, engagement data, policies. Case, surrounding space and compatible characters (full width, ligatures) make
    no difference: Unicode's NFKC with case folding (UAX #15, The Unicode Standard 3.13). The form is its own form.

    Returns
    -------
    str
        Empty where `name` is nothing but space.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded).strip()
