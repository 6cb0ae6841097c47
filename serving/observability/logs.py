"""heed's log: one line of JSON for each event and each decision, with nothing about the customer.

A line cannot be forged from outside, since JSON writes a line break as two characters. Of an exception the kind
and the place are logged and not its text, which may hold what a caller sent.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime

import orjson

from heed.serving.observability.request_ids import REQUEST_CONTEXT

LOGGER = "heed"
_FIELD = "heed"


def with_fields(**fields: object) -> dict[str, object]:
    """What `extra` of a call of the log is given, so that the fields stand in the line."""
    return {_FIELD: fields}


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        context = REQUEST_CONTEXT.get()
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": None if context is None else context.request_id,
            "trace_id": None if context is None else context.trace_id,
            **getattr(record, _FIELD, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error_fields(record.exc_info[1])
        present = {name: value for name, value in line.items() if value is not None}
        return orjson.dumps(present, option=orjson.OPT_UTC_Z, default=str).decode()


def configure(level: str = "INFO") -> None:
    """Send what heed logs, and nothing else, to standard error as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger(LOGGER)
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False


def _error_fields(error: BaseException) -> dict[str, object]:
    frames = traceback.extract_tb(error.__traceback__)
    return {"kind": type(error).__name__, "frames": [f"{one.filename}:{one.lineno} {one.name}" for one in frames[-5:]]}
