"""What the log says of requests, attempts and mistakes: facts by name, nothing that a sender sent."""

import logging
from operator import attrgetter

from gateway.delivery.ports import AttemptLine
from gateway.ingest.ports import RequestLine
from gateway.observe.logs import logger
from gateway.observe.traces import frames


class Lines:
    """Writes them."""

    def __init__(self) -> None:
        # Bound at once: a lazy logger makes itself anew for each line, and for each that is dropped.
        self._log = logger("gateway").bind()
        self.tells_requests = self._log.is_enabled_for(logging.INFO)
        """Whether the level lets a line through for each request and each attempt."""

    def request(self, line: RequestLine) -> None:
        """One for each request."""
        self._log.info("request", **_facts(line))

    def attempt(self, line: AttemptLine) -> None:
        """One for each attempt."""
        self._log.info("attempt", **_facts(line))

    def mistake(self, error: BaseException) -> None:
        """One of ours: where it happened, without its text, which could quote a sender."""
        self._log.error("unexpected", error=type(error).__name__, trace=frames(error))

    def ranges(self, provider: str, reason: str) -> None:
        """A provider's list of addresses that was not taken."""
        self._log.warning("published addresses", provider=provider, reason=reason)

    def disk(self, why: str, problem: str) -> None:
        """Whether new events are refused for the disk's sake, as it changes."""
        if why:
            self._log.error("new events are refused", reason=why, problem=problem)
        elif problem:
            self._log.error("the store could not commit", problem=problem)
        else:
            self._log.warning("the store takes events again")


_FIELDS = {
    kind: (tuple(kind.__dataclass_fields__), attrgetter(*kind.__dataclass_fields__))
    for kind in (RequestLine, AttemptLine)
}
"""Of each kind of line: the names of its fields, and what gives their values."""


def _facts(line: RequestLine | AttemptLine) -> dict[str, object]:
    """What a line has to say, without what is empty. `asdict` would copy every value first."""
    names, values = _FIELDS[type(line)]
    named = zip(names, values(line), strict=True)
    return {name: value for name, value in named if value not in ("", ())}
