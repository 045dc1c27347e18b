"""Structured logs: JSON lines for machines, readable lines on a terminal. No secret in any.

Callers pass facts (source, outcome, event id), never headers or bodies.
"""

import logging
import sys
from typing import TextIO

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger


def _dumps(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _event_last(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """`msg` first: a line is read from its left."""
    first = {"at": event.pop("timestamp"), "level": event.pop("level"), "msg": event.pop("event")}
    return {**first, **event}


def configure(
    *, level: str = "info", stream: TextIO | None = None, pretty: bool | None = None
) -> None:
    """Sets logging up for the whole process.

    level: debug, info, warning or error. stream: stderr unless given. pretty: by default, whether
    the stream is a terminal.
    """
    out = stream or sys.stderr
    readable = out.isatty() if pretty is None else pretty
    number = logging.getLevelNamesMapping()[level.upper()]
    common: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if readable
        else [
            structlog.processors.format_exc_info,
            _event_last,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ]
    )
    structlog.configure(
        processors=[*common, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard module; what they say below a warning is noise here.
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=out, format="%(message)s", force=True
    )


def logger(name: str) -> FilteringBoundLogger:
    """A logger that names the part it speaks for."""
    bound: FilteringBoundLogger = structlog.get_logger(part=name)
    return bound
