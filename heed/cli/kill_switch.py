"""Throwing the kill switch: through the service where one runs, straight into the ledger where none does."""

import asyncio
from collections.abc import Callable
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
_KINDS: dict[Event, type[ResumeRequest]] = {"stop": StopRequest, "resume": ResumeRequest}


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What came of an order.

    Attributes
    ----------
    through : str
        The service's address, or the ledger's place.
    stopped : tuple of str
        What is stopped now, in words.
    """

    through: str
    stopped: tuple[str, ...]


def send_order(event: Event, told: dict[str, str], url: str, settings: Settings) -> OrderResult:
    """Record an order to stop or resume: by HTTP, and where no service answers, in the ledger itself.

    Raises
    ------
    InvalidInput
        If the order is malformed.
    Unavailable
        If neither the service nor the ledger can be reached; nothing was recorded.
    """
    request = _checked(event, told)
    try:
        return _by_service(event, told, url)
    except Unavailable as unreachable:
        try:
            return _offline(event, request, settings)
        except Unavailable as error:
            remedy = "end the service's process: without it nothing is decided; then order again"
            raise Unavailable(f"{unreachable}; and straight into the ledger: {error}", remedy=remedy) from error


def _checked(event: Event, told: dict[str, str]) -> ResumeRequest:
    try:
        return _KINDS[event].model_validate_strings(told)
    except ValidationError as error:
        problem = problem_from_validation(error).body
        raise InvalidInput(str(problem["detail"]), remedy=str(problem.get("remedy", ""))) from error


def _by_service(event: Event, told: dict[str, str], url: str) -> OrderResult:
    with Client(url) as client:
        call: Callable[..., dict[str, list[dict[str, str]]]] = client.stop if event == "stop" else client.resume
        answer = call(**told)
    return OrderResult(f"the service at {url}", tuple(one["scope"] for one in answer["stops"]))


def _offline(event: Event, request: ResumeRequest, settings: Settings) -> OrderResult:
    place = settings.ledger_location
    with open_ledger(place, key=settings.sealing_key) as ledger:
        call = ledger.stop if event == "stop" else ledger.resume
        stops: tuple[Stop, ...] = asyncio.run(call(request.order()))
    return OrderResult(f"the ledger at {place}, as no service answers", tuple(one.scope for one in stops))
