"""Structured logs: JSON lines for machines, readable lines on a terminal. No secret in any.

Callers pass facts (source, outcome, event id), never headers or bodies.
"""

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from gateway.observe.batched import Batched
from gateway.observe.libraries import Libraries


class _JsonLines(structlog.BoundLoggerBase):
    """Makes a line in one step: structlog's chain of processors takes three times as long, and
    there is a line for each request and attempt."""

    def _proxy_to_logger(
        self, method_name: str, event: str | None = None, **event_kw: object
    ) -> None:
        # Time and words first: a line is read from its left.
        line = {
            "at": datetime.now(UTC), "level": method_name, "msg": event,
            **self._context, **event_kw,
        }  # fmt: skip
        self._logger.write(orjson.dumps(line, default=str, option=_OPTIONS).decode())


_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE


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
    filtering = structlog.make_filtering_bound_logger(number)
    to = out if readable else Batched(out)
    if readable:
        structlog.configure(
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
            ],
            wrapper_class=filtering,
            logger_factory=structlog.PrintLoggerFactory(out),
            cache_logger_on_first_use=True,
        )
    else:
        structlog.configure(
            wrapper_class=type("JsonLines", (_JsonLines, filtering), {}),
            logger_factory=lambda *_: to,
            cache_logger_on_first_use=True,
        )
    # Libraries log through the standard module; what they say below a warning is noise here.
    logging.basicConfig(
        level=max(number, logging.WARNING), handlers=[Libraries(logger)], force=True
    )


def logger(name: str) -> FilteringBoundLogger:
    """A logger that names the part it speaks for."""
    bound: FilteringBoundLogger = structlog.get_logger(part=name)
    return bound
