"""What is left of two people's consents once they are known to be one: never more than one of them had said.

Each grant is narrowed to the contact points of who gave it, since nothing was said of the other's. A withdrawal stands
against the other's grants whatever the dates: two records that disagree on when are no reason to contact. It stands by
a withdrawal dated as the grant it meets, since of two statements made at once the withdrawal stands; the grant's own
giver may grant anew afterwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from heed.decisioning.customer import Consent, ConsentStatus, ContactPoint


def carried_over(
    own: Consent, own_points: Sequence[ContactPoint], others_points: Sequence[ContactPoint], others: Iterable[Consent]
) -> tuple[Consent, ...]:
    """What one statement of one of the two becomes; itself where nothing stands against it.

    Parameters
    ----------
    own : Consent
        A statement of one.
    own_points, others_points : sequence of ContactPoint
        The contact points of that one and of the other.
    others : iterable of Consent
        All statements of the other.
    """
    if own.status is ConsentStatus.WITHDRAWN:
        return (own,)
    withdrawals = [one for one in others if one.status is ConsentStatus.WITHDRAWN]
    narrowed = _narrowed(own, _contact_points(own_points, own.channel), _contact_points(others_points, own.channel))
    return tuple(said for grant in narrowed for said in _withdrawn_by(grant, withdrawals))


def _narrowed(grant: Consent, mine: Sequence[str], others: Sequence[str]) -> Iterator[Consent]:
    """The grant for each of the giver's own contact points of the channel."""
    if grant.contact_point is not None:
        if grant.contact_point in mine or grant.contact_point not in others:
            yield grant
    elif mine:
        yield from (replace(grant, contact_point=point) for point in mine)
    elif not others:
        yield grant


def _withdrawn_by(grant: Consent, withdrawals: Sequence[Consent]) -> Iterator[Consent]:
    """The grant with the withdrawals that stand against it, or they alone where they cover all of it."""
    against = list(dict.fromkeys(_common_topic(grant, one) for one in withdrawals if _overlaps(one, grant)))
    if grant.topic not in against:
        yield grant
    for topic in against:
        yield replace(grant, status=ConsentStatus.WITHDRAWN, expires_at=None, topic=topic)


WILDCARD = "*"


def _overlaps(withdrawal: Consent, grant: Consent) -> bool:
    """Whether the withdrawal speaks about any part of the grant."""
    return (
        withdrawal.channel in (grant.channel, WILDCARD)
        and withdrawal.purpose in (grant.purpose, WILDCARD)
        and (withdrawal.topic is None or grant.topic is None or withdrawal.topic == grant.topic)
        and (
            withdrawal.contact_point is None
            or grant.contact_point is None
            or withdrawal.contact_point == grant.contact_point
        )
    )


def _common_topic(grant: Consent, withdrawal: Consent) -> str | None:
    """What the two are both about: the grant's topic, or the part of all topics that was withdrawn."""
    return grant.topic if grant.topic is not None else withdrawal.topic


def _contact_points(points: Sequence[ContactPoint], channel: str) -> list[str]:
    return sorted({one.contact_point for one in points if one.channel == channel})
