"""Ask the guardrails again before a message is handed over.

An objection that passes by itself makes the message wait, an order to stop keeps it where it is, and any other
withdraws it.
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
    in_force: ActiveVersions, release: DeliveryContext, windows: tuple[timedelta, ...] | None
) -> RecheckResult:
    """What stands against handing a message over at this moment.

    Parameters
    ----------
    windows : tuple of timedelta or None
        The windows in which the volumes were counted.
    """
    message = release.message
    point = orjson.loads(message.payload)["contact_point"]
    request = DecideRequest.model_validate_json(orjson.dumps(unpack(release.receipt).request))
    facts = with_request(Facts(release.customer, release.now, volumes=release.volumes), request)
    act = PlannedAct(message.action_id, point, release.by_person, windows)
    return recheck(Stage.DELIVERY, act, in_force, facts)
