"""What libraries log, as lines of ours: what happened and where, without what was sent.

aiohttp and asyncio write down an exception's text, which quotes the request that could not be read,
a token in its headers too, and many lines of it.
"""

import logging
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from gateway.observe.traces import frames


class Libraries(logging.Handler):
    """Hands records of the standard module on."""

    def __init__(self, logger: Callable[[str], FilteringBoundLogger]) -> None:
        """logger: by the part that speaks."""
        super().__init__()
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """One line. As `logging` has it, a mistake in here is told and ends nothing."""
        try:
            facts: dict[str, object] = {}
            error = record.exc_info[1] if record.exc_info else None
            if error is not None:
                facts = {"error": type(error).__name__, "trace": frames(error)}
            # What asyncio adds in further lines shows its objects, an exception's text among them.
            said = record.getMessage().partition("\n")[0]
            self._logger(record.name).log(record.levelno, said, **facts)
        except Exception:  # noqa: BLE001
            self.handleError(record)
