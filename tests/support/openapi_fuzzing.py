"""Schemathesis as the tests use it: all checks, all phases, a fixed seed, few examples.

It is imported where it is used, since every worker imports this file before its first test.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemathesis.config import SchemathesisConfig
    from schemathesis.specs.openapi.schemas import OpenApiSchema

# Refusals that depend on the active versions, on records or on another parameter, which no schema can express. All of
# them come after the request was accepted as one that the document allows.
NO_SCHEMA_SAYS = (
    "unknown action",
    "not an admissible candidate of this decision",
    "was recorded before with another",
    "the decision took no contact slot",
    "urn:heed:problem:idempotency-key-reused",
    "urn:heed:problem:invalid-policy",
    "the body names no reviewer",
    "only open cases wait for their turn",
    "urn:heed:problem:erased",
)


def fuzz_config(*, linked: bool = True) -> "SchemathesisConfig":
    """Few, deterministic examples; `linked` enables chains of linked calls."""
    from schemathesis.config import SchemathesisConfig

    generation = {"deterministic": True, "max-examples": 5, "database": "none"}
    return SchemathesisConfig.from_dict(
        {"seed": 7, "request-timeout": 60, "generation": generation, "phases": {"stateful": {"enabled": linked}}}
    )


def keyed_fuzz_config(headers: dict[str, str]) -> "SchemathesisConfig":
    """Random requests with this key; those that pass are repeated with no key and with a wrong one."""
    from schemathesis.config import SchemathesisConfig

    generation = {"deterministic": True, "max-examples": 2, "database": "none"}
    phases = {name: {"enabled": False} for name in ("stateful", "coverage", "examples")}
    key = {"openapi": {"key": {"bearer": headers["authorization"].removeprefix("Bearer ")}}} if headers else {}
    config = {"seed": 7, "request-timeout": 60, "auth": key, "generation": generation, "phases": phases}
    return SchemathesisConfig.from_dict(config)


def find_faults(schema: "OpenApiSchema") -> Iterator[str]:
    """Failures found by Schemathesis at boundary values, in random requests and along linked calls."""
    from schemathesis.engine import Status, from_schema
    from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

    schema.hook("filter_failure")(a_schema_could_have_said_it)
    for event in from_schema(schema).execute():
        if isinstance(event, FatalError | NonFatalError):
            yield repr(event)
        if isinstance(event, ScenarioFinished):
            checks = (one for checks in event.recorder.checks.values() for one in checks)
            yield from (
                f"{event.recorder.label}: {one.failure_info}" for one in checks if one.status is not Status.SUCCESS
            )


def a_schema_could_have_said_it(_context: Any, failure: Any, _case: Any, response: Any) -> bool:
    from schemathesis.openapi.checks import RejectedPositiveData

    if not isinstance(failure, RejectedPositiveData):
        return True
    problem = response.json()
    return not any(reason in problem["type"] + problem["detail"] for reason in NO_SCHEMA_SAYS)
