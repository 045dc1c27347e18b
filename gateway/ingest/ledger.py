"""What is written down when a request has ended: the counters, its line in the log, and the
refused log. Nothing is decided here, and no secret gets past.
"""

from gateway.ingest.case import UNKNOWN, Case, Ending
from gateway.ingest.masking import mask_refused, mask_text
from gateway.ingest.ports import Log, Metrics, RefusedSink, RequestLine
from gateway.ingest.steps import hash_of
from gateway.model.outcomes import OUTCOMES
from gateway.model.records import Refused


class Ledger:
    """Takes down each request once."""

    __slots__ = ("_log", "_metrics", "_refused")

    def __init__(self, metrics: Metrics, refused: RefusedSink, log: Log | None) -> None:
        self._metrics = metrics
        self._refused = refused
        self._log = log

    def end(self, case: Case, ending: Ending, seconds: float) -> None:
        """Called exactly once for each request. seconds: from its headers to its answer."""
        name = case.source.name if case.source else UNKNOWN
        self._metrics.ended(name, ending.outcome, seconds)
        if not OUTCOMES[ending.outcome].let_in:
            self._refused(_refused(case, ending))
        if self._log is not None:
            self._log(_line(name, case, ending, seconds))


def _line(source: str, case: Case, ending: Ending, seconds: float) -> RequestLine:
    return RequestLine(
        request_id=case.id,
        source=source,
        method=case.parts.method,
        client=case.client,
        outcome=ending.outcome,
        status=ending.answer.status,
        reason=ending.reason or (case.shadow.reason if case.shadow else ""),
        size=len(case.body),
        seconds=seconds,
        key=case.key,
        events=tuple(one.id for one in case.admitted),
    )


def _refused(case: Case, ending: Ending) -> Refused:
    source = case.source
    secrets = source.hidden.headers if source else frozenset()
    # Where nothing else proves a sender, the path is the secret.
    path = mask_text("path") if source and source.verifier is None else case.path
    return Refused(
        at=case.received_at,
        source=source.name if source else UNKNOWN,
        outcome=ending.outcome,
        reason=ending.reason,
        client=case.client,
        method=case.parts.method,
        path=path,
        headers=mask_refused(case.parts.headers.pairs, secrets),
        size=len(case.body),
        body_hash=case.body_hash or hash_of(case.body),
        request_id=case.id,
    )
