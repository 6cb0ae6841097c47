"""What an executor is handed: what to send, where, and the slot to settle when it is done."""

from heed.decisioning.catalogue import Action
from heed.serving.schemas.responses import encode


def outbox_message(
    decision_id: str, customer_id: str, action: Action, contact_point: str | None, reservation_id: str
) -> str:
    """The outbox message of one action, as JSON."""
    message = {
        "decision_id": decision_id,
        "reservation_id": reservation_id,
        "customer_id": customer_id,
        "action_id": action.action_id,
        "channel": action.channel,
        "purpose": action.purpose,
        "contact_point": contact_point,
    }
    return encode(message).decode()
