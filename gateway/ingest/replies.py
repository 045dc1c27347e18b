"""Outcome to answer: statuses, headers and bodies. Nothing of a request is ever echoed here.

Errors are problem details (RFC 9457) with a request's id; the reason stays with the operator.
"""

from collections.abc import Sequence
from http import HTTPStatus

import orjson

from gateway.ingest.parts import Answer
from gateway.model.outcomes import OUTCOMES, Outcome
from gateway.model.records import Admitted
from gateway.providers.declaration import Replies, Reply

UNPROVEN = frozenset(
    {Outcome.BAD_SIGNATURE, Outcome.MISSING_SIGNATURE, Outcome.STALE, Outcome.WRONG_TENANT}
)
"""Outcomes that a sender cannot tell apart: which check failed is worth something to a forger."""
_CUT_OFF = frozenset({Outcome.TIMEOUT, Outcome.TOO_LARGE, Outcome.MALFORMED, Outcome.OVERLOADED})
"""Outcomes after which the rest of the body is not waited for."""
_NOSNIFF = ("X-Content-Type-Options", "nosniff")
_JSON = (("Content-Type", "application/json"),)
OURS = Replies()
"""What a source answers whose provider declares nothing else."""


def refusal(
    outcome: Outcome,
    request_id: str,
    replies: Replies = OURS,
    *,
    retry_after: int | None = None,
    allow: Sequence[str] = (),
) -> Answer:
    """The answer to a request that is not let in.

    retry_after: seconds. allow: the methods that are served, for a bad one.
    """
    row = OUTCOMES[outcome]
    if outcome in UNPROVEN and replies.refusal is not None:
        return declared(replies.refusal)
    status = replies.rate_limited if outcome is Outcome.RATE_LIMITED else row.status
    headers = [
        ("Content-Type", "application/problem+json"),
        _NOSNIFF,
        ("Cache-Control", "no-store"),
    ]
    if retry_after is not None:
        headers.append(("Retry-After", str(retry_after)))
    if allow:
        headers.append(("Allow", ", ".join(allow)))
    problem = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": row.title,
        "request_id": request_id,
    }
    return Answer(status, tuple(headers), orjson.dumps(problem), close=outcome in _CUT_OFF)


def success(outcome: Outcome, admitted: Sequence[Admitted], replies: Replies) -> Answer:
    """The answer to a request whose events are stored: accepted, duplicate or unrouted."""
    if replies.success is not None:
        return declared(replies.success)
    if len(admitted) == 1:
        body = _one(admitted[0])
    else:
        status = "duplicate" if outcome is Outcome.DUPLICATE else "accepted"
        body = f'{{"status":"{status}","events":[{",".join(map(_one, admitted))}]}}'
    return Answer(OUTCOMES[outcome].status, _JSON, body.encode())


def _one(admitted: Admitted) -> str:
    """As JSON; ids hold nothing that has to be escaped."""
    status = "duplicate" if admitted.duplicate else "accepted"
    revived = f',"revived":{admitted.revived}' if admitted.revived else ""
    return f'{{"status":"{status}","id":"{admitted.id}"{revived}}}'


def declared(reply: Reply, echo: bytes | None = None) -> Answer:
    """An answer a sender expects, as its provider declares it."""
    kind = reply.content_type if echo is None else "text/plain; charset=utf-8"
    headers = (("Content-Type", kind), _NOSNIFF, *reply.headers)
    return Answer(reply.status, headers, reply.body if echo is None else echo)
