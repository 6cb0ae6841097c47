"""An objection to marketing: what it covers is neither scored nor considered (GDPR, Article 21(3))."""

from collections.abc import Sequence

from decisioning.catalogue import Action, MessageClass
from decisioning.customer import Customer

OBJECTION = "heed-objection"


def considered(customer: Customer, actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions that may be scored for the customer: no marketing after an objection, whatever its contact point."""
    if not customer.objections:
        return tuple(actions)
    return tuple(action for action in actions if action.message_class is not MessageClass.MARKETING)
