"""Consent of many customers in one compiled loop: which statement applies to each contact point."""

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
    addressless: bool,  # noqa: FBT001  numba has no keyword-only arguments
    permissive: bool,  # noqa: FBT001
) -> Flags:
    """Whether a consent rule accepts at least one contact point of each customer.

    Parameters
    ----------
    points : (first, point, channel)
        As in :class:`~guardrails.vectorized.history_arrays.ContactPoints`.
    channels : array of bool
        By channel code: whether it is the action's channel.
    statements : (first, at, until, point, kind)
        As in :class:`~guardrails.vectorized.history_arrays.Consents`.
    concerns, withdrawn, longest : array
        By kind of statement: whether it counts for the action, whether it is a withdrawal, and the longest validity of
        a grant in microseconds.
    now : int
        Microseconds since 1970.
    addressless : bool
        Whether the channel needs no contact point.
    permissive : bool
        Whether only a withdrawal objects.
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
    """Index of the statement that applies to a contact point, `_NOTHING` where none does.

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
    """Whether the rule accepts the statement that applies."""
    if stands == _NOTHING:
        return permissive
    _, at, until, _, kind = statements
    if withdrawn[kind[stands]]:
        return False
    return permissive or now < min(until[stands], at[stands] + longest[kind[stands]])
