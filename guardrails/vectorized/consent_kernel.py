"""Which statement of consent stands for each contact point, for many customers in one compiled loop."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from heed.guardrails.vectorized.history_arrays import WHOLE_CHANNEL
from heed.guardrails.vectorized.integer_codes import Codes, Flags, Moments, Places

Points = tuple[Places, Codes, Codes]
Statements = tuple[Places, Moments, Moments, Codes, Codes]
_NOWHERE = -1
_NOTHING = -1


@njit(nogil=True, cache=True)
def has_consent(
    points: Points,
    channels: Flags,
    statements: Statements,
    concerns: Flags,
    withdrawn: Flags,
    longest: NDArray[np.int64],
    now: int,
    addressless: bool,  # noqa: FBT001  what is compiled knows no keywords without a place
    permissive: bool,  # noqa: FBT001
) -> Flags:
    """Whether a rule of consent is content with one contact point of each customer at least.

    Parameters
    ----------
    points : (first, point, channel)
        As in :class:`~guardrails.vectorized.history_arrays.ContactPoints`.
    channels : array of bool
        Whether a channel is the one asked for, by its code.
    statements : (first, at, until, point, kind)
        As in :class:`~guardrails.vectorized.history_arrays.Consents`.
    concerns, withdrawn, longest : array
        By kind of statement: whether it counts for the action, whether it is a withdrawal, and for how many
        microseconds a grant holds at the longest.
    now : int
        Microseconds since 1970.
    addressless : bool
        Whether the channel reaches customers without a contact point.
    permissive : bool
        Whether only a withdrawal stands in the way.
    """
    first, point, channel = points
    allowed = np.zeros(len(first) - 1, dtype=np.bool_)
    for customer in range(len(allowed)):
        pointless = addressless
        for place in range(first[customer], first[customer + 1]):
            if channels[channel[place]]:
                pointless = False
                stands = _standing(customer, point[place], statements, concerns, withdrawn, now)
                if _suffices(stands, statements, withdrawn, longest, now, permissive):
                    allowed[customer] = True
                    break
        if pointless:
            stands = _standing(customer, _NOWHERE, statements, concerns, withdrawn, now)
            allowed[customer] = _suffices(stands, statements, withdrawn, longest, now, permissive)
    return allowed


@njit(nogil=True, cache=True)
def _standing(customer: int, point: int, statements: Statements, concerns: Flags, withdrawn: Flags, now: int) -> int:
    """Place of the statement that stands for a contact point, `_NOTHING` where none does.

    Where no contact point is known, a withdrawal for one is for all.
    """
    first, at, _, about, kind = statements
    heaviest, stands = np.int64(-(2**62)), _NOTHING
    for place in range(first[customer], first[customer + 1]):
        if not concerns[kind[place]]:
            continue
        no = withdrawn[kind[place]]
        for_it = about[place] == WHOLE_CHANNEL or about[place] == point or (point == _NOWHERE and no)
        weight = 2 * at[place] + no
        if for_it and (no or at[place] <= now) and weight > heaviest:
            heaviest, stands = weight, place
    return stands


@njit(nogil=True, cache=True)
def _suffices(
    stands: int,
    statements: Statements,
    withdrawn: Flags,
    longest: NDArray[np.int64],
    now: int,
    permissive: bool,  # noqa: FBT001
) -> bool:
    """Whether the rule is content where this statement stands."""
    if stands == _NOTHING:
        return permissive
    _, at, until, _, kind = statements
    if withdrawn[kind[stands]]:
        return False
    return permissive or now < min(until[stands], at[stands] + longest[kind[stands]])
