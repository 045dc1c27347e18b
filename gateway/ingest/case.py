"""One request while it is judged, and how it ended. Facts only; the rules are `judge`'s."""

from collections.abc import Sequence

from gateway.errors import RequestRefused
from gateway.ingest.parts import Answer, Parts
from gateway.model import chance
from gateway.model.outcomes import Outcome
from gateway.model.record import record
from gateway.model.records import Admitted
from gateway.plan.plan import Source

UNKNOWN = "_unknown"
"""The source of a request that none is for: a sender must not choose the names of our counters."""
ON_UNIX = "unix"
"""The client of a request over a Unix socket that no proxy named."""


@record
class Ending:
    """How a request ended."""

    outcome: Outcome
    answer: Answer
    reason: str = ""
    """For the operator; empty where it was let in."""


class Case:
    """What is known of a request so far."""

    __slots__ = (
        "_id", "admitted", "body", "body_hash", "client", "key", "parts", "path", "query",
        "received_at", "shadow", "source",
    )  # fmt: skip

    def __init__(self, parts: Parts, received_at: float) -> None:
        self._id = ""
        self.parts = parts
        self.received_at = received_at
        self.path, _, query = parts.target.partition("?")
        self.query = query.encode("utf-8", "surrogateescape") if query else b""
        self.source: Source | None = None
        self.client = ""
        """The judged address, as text; empty while it is not judged."""
        self.body = b""
        self.body_hash = ""
        """Where it was made already."""
        self.shadow: RequestRefused | None = None
        """In shadow mode: what would have refused it."""
        self.key = ""
        """The label of the key that fitted."""
        self.admitted: Sequence[Admitted] = ()

    @property
    def id(self) -> str:
        """Its name in its answer, in the log and in the refused log; made when one of them asks."""
        if not self._id:
            self._id = f"req_{chance.number():016x}"
        return self._id

    def doubt(self, refusal: RequestRefused) -> None:
        """Refuses, or only takes note where the source is in shadow mode."""
        if self.source is None or self.source.enforce:
            raise refusal
        self.shadow = self.shadow or refusal
