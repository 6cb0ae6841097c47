"""Check the guardrails again before a message is delivered.

A temporary objection postpones the message, a stop order keeps it waiting, and any other objection withdraws it.
"""

from datetime import timedelta

import orjson

from heed.decisioning.customer import Facts
from heed.decisioning.recheck_result import RecheckResult
from heed.guardrails.recheck import PlannedAct, Stage, recheck
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.ledger.leases import DeliveryContext
from heed.serving.replay.receipt import unpack
from heed.serving.reviews.service import with_request
from heed.serving.schemas.decision_requests import DecideRequest


def recheck_message(
    active: ActiveVersions, delivery: DeliveryContext, windows: tuple[timedelta, ...] | None
) -> RecheckResult:
    """The objection to delivering a message now, if any.

    Parameters
    ----------
    windows : tuple of timedelta or None
        The windows in which the volumes were counted.
    """
    message = delivery.message
    point = orjson.loads(message.payload)["contact_point"]
    request = DecideRequest.model_validate_json(orjson.dumps(unpack(delivery.receipt).request))
    facts = with_request(Facts(delivery.customer, delivery.now, volumes=delivery.volumes), request)
    act = PlannedAct(message.action_id, point, delivery.by_person, windows)
    return recheck(Stage.DELIVERY, act, active, facts)
