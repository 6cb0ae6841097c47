"""OpenAPI links: from the response of an operation to the operations that take its values."""

from collections.abc import Mapping
from typing import Any

Link = dict[str, Any]
Places = Mapping[str, str]


def _to(operation: str, parameters: Places, body: Places | None = None) -> Link:
    """A link that passes on values of the response, each named by a JSON pointer."""
    link: Link = {"operationId": operation, "parameters": _at(parameters)}
    return link if body is None else {**link, "requestBody": _at(body)}


def _at(places: Places) -> dict[str, str]:
    return {name: f"$response.body#{place}" for name, place in places.items()}


_CASE = {"review_id": "/review_id"}
_OLDEST = {"review_id": "/reviews/0/review_id"}
_TAKEN = {"outbox_id": "/messages/0/message/outbox_id"}
_HANDED = {"fence": "/messages/0/fence"}
_CLAIM = {"reviewer": "/claimed_by", "fence": "/fence"}

LINKS: Mapping[tuple[str, str], Mapping[str, Link]] = {
    ("/decide", "post"): {
        "record": _to("decision", {"decision_id": "/decision_id"}),
        "customer": _to("customer", {"customer_id": "/customer_id"}),
        "review": _to("review", _CASE),
    },
    ("/v1/outbox", "get"): {
        "message": _to("message", {"outbox_id": "/messages/0/outbox_id"}),
        "delivered": _to("delivered", {"outbox_id": "/messages/0/outbox_id"}),
    },
    ("/v1/outbox", "post"): {
        "message": _to("message", _TAKEN),
        "acknowledge": _to("acknowledge", _TAKEN, _HANDED),
        "fail": _to("fail", _TAKEN, _HANDED),
    },
    ("/v1/reviews", "get"): {"case": _to("review", _OLDEST), "claim": _to("claim", _OLDEST)},
    ("/v1/reviews/{review_id}/claim", "post"): {
        "case": _to("review", _CASE),
        "approve": _to("approve", _CASE, _CLAIM),
        "override": _to("override", _CASE, {**_CLAIM, "action_id": "/proposed_action_id"}),
        "reject": _to("reject", _CASE, _CLAIM),
        "release": _to("release", _CASE, _CLAIM),
    },
}
