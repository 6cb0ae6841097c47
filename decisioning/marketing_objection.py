"""After an objection, marketing actions are not scored (GDPR, Article 21(3))."""

from collections.abc import Sequence

from heed.decisioning.catalogue import Action, MessageClass
from heed.decisioning.customer import Customer

OBJECTION_RULE = "heed-objection"


def eligible_for_scoring(customer: Customer, actions: Sequence[Action]) -> tuple[Action, ...]:
    """The actions that may be scored for the customer: no marketing after an objection to any contact point."""
    if not customer.objections:
        return tuple(actions)
    return tuple(action for action in actions if action.message_class is not MessageClass.MARKETING)
