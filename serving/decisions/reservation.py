"""The contact slot that an act takes."""

from datetime import datetime

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Contact, ContactState


def new_reservation(action: Action, at: datetime) -> Contact:
    """A reserved slot for this action: it counts towards every cap from the moment it is taken."""
    return Contact(
        action_id=action.action_id,
        channel=action.channel,
        purpose=action.purpose,
        category=action.category,
        at=at,
        message_class=action.message_class,
        state=ContactState.RESERVED,
    )
