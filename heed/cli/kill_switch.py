"""Sends a stop or resume order to the running service, or writes it to the ledger where no service answers."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from heed.client import Client
from heed.decisioning.errors import InvalidInput, Unavailable
from heed.decisioning.kill_switch import Stop
from heed.serving.http.problems import problem_from_validation
from heed.serving.ledger.connect import open_ledger
from heed.serving.schemas.kill_switch_requests import ResumeRequest, StopRequest
from heed.serving.settings import Settings

Event = Literal["stop", "resume"]
_REQUESTS: dict[Event, type[ResumeRequest]] = {"stop": StopRequest, "resume": ResumeRequest}
_SCOPES = {"channel": "channel", "action_id": "action", "message_class": "message class"}


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What became of an order.

    Attributes
    ----------
    through : str
        The service or the ledger that recorded it.
    stopped : tuple of str
        What is stopped now.
    """

    through: str
    stopped: tuple[str, ...]


def send_order(
    event: Event, fields: Mapping[str, str], url: str, settings: Settings, announce: Callable[[str], None]
) -> OrderResult:
    """Record an order to stop or resume: through the service, or in the ledger where no service answers.

    Parameters
    ----------
    fields : mapping of str to str
        The fields of the request.
    announce : callable
        Gets what is about to happen, and to which service or ledger, before it does.

    Raises
    ------
    InvalidInput
        If the order is malformed.
    Unavailable
        If neither the service nor the ledger can be reached. Nothing was recorded.
    """
    request = _validated(event, fields)
    announce(f"{event} {_scope(fields)}: asking the service at {url}")
    try:
        return _by_service(event, fields, url)
    except Unavailable as no_service:
        announce(f"no service answers there; writing to the ledger at {settings.ledger_location}")
        try:
            return _by_ledger(event, request, settings)
        except Unavailable as error:
            remedy = "end the service's process: without it nothing is decided; then order again"
            raise Unavailable(f"{no_service}; the ledger: {error}", remedy=remedy) from error


def _validated(event: Event, fields: Mapping[str, str]) -> ResumeRequest:
    try:
        return _REQUESTS[event].model_validate_strings(fields)
    except ValidationError as error:
        problem = problem_from_validation(error).body
        raise InvalidInput(str(problem["detail"]), remedy=str(problem.get("remedy", ""))) from error


def _scope(fields: Mapping[str, str]) -> str:
    named = [f"{words} {fields[name]}" for name, words in _SCOPES.items() if name in fields]
    return ", ".join(named) or "everything"


def _by_service(event: Event, fields: Mapping[str, str], url: str) -> OrderResult:
    with Client(url) as client:
        call: Callable[..., dict[str, list[dict[str, str]]]] = client.stop if event == "stop" else client.resume
        answer = call(**fields)
    return OrderResult(f"the service at {url}", tuple(order["scope"] for order in answer["stops"]))


def _by_ledger(event: Event, request: ResumeRequest, settings: Settings) -> OrderResult:
    location = settings.ledger_location
    with open_ledger(location, key=settings.sealing_key) as ledger:
        call = ledger.kill_switch.stop if event == "stop" else ledger.kill_switch.resume
        stops: tuple[Stop, ...] = asyncio.run(call(request.order()))
    return OrderResult(f"the ledger at {location}, as no service answers", tuple(stop.scope for stop in stops))
