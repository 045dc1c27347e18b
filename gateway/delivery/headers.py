"""The headers of a request: ours, the sender's that pass on, and the operator's instead of either.

As lines of a head, see `net.place.lines`: what each attempt says is one text and no list of pairs.
"""

from collections.abc import Sequence
from typing import Final

from gateway.delivery.sign import signatures
from gateway.errors import ExpressionFailed
from gateway.model import chance
from gateway.model.records import Work
from gateway.model.states import Trigger
from gateway.net.place import lines
from gateway.plan.plan import Target
from gateway.routing import cloudevents

NEVER: Final = frozenset(
    {
        "host", "cookie", "authorization", "connection", "keep-alive", "proxy-authenticate",
        "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade", "content-length",
        "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
        "x-forwarded-port", "x-real-ip", "content-type", "traceparent", "tracestate",
    }
)  # fmt: skip
"""Headers of the sender that never pass on, whatever a declaration says (hop-by-hop: RFC 9110,
7.6.1; the rest would be taken for ours)."""

_STANDARD: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
_BESIDE_THEIRS: Final = (
    "Gateway-Webhook-Id", "Gateway-Webhook-Timestamp", "Gateway-Webhook-Signature",
)  # fmt: skip

_AGENT: Final = ("User-Agent", "webhook-gateway")
CLOUDEVENT: Final = lines([_AGENT, ("Content-Type", cloudevents.CONTENT_TYPE)])
TRANSFORMED: Final = lines([_AGENT, ("Content-Type", "application/json")])


def _names(headers: Sequence[tuple[str, str]]) -> set[str]:
    return {name.lower() for name, _ in headers}


def instead(said: str, headers: Sequence[tuple[str, str]]) -> str:
    """With these in the place of those of the same names. Raises `ExpressionFailed`."""
    taken = _names(headers)
    kept = [one for one in said.split("\r\n")[:-1] if one.partition(":")[0].lower() not in taken]
    return "".join([f"{one}\r\n" for one in kept]) + _lines(headers)


def _lines(headers: Sequence[tuple[str, str]]) -> str:
    try:
        return lines(headers)
    except ValueError as error:
        raise ExpressionFailed(str(error)) from error


def passed(work: Work, declared: Sequence[str]) -> str:
    """With `raw`: what of the sender's headers passes on. Raises `ExpressionFailed`."""
    names = {name.lower() for name in declared} - NEVER
    theirs = [
        (name.decode("latin-1"), _text(value))
        for name, value in work.headers()
        if name.decode("latin-1").lower() in names
    ]
    if "user-agent" not in _names(theirs):  # two are refused by strict servers
        theirs.append(_AGENT)
    if work.content_type:
        theirs.append(("Content-Type", work.content_type))
    return _lines(theirs)


def _traceparent() -> str:
    """A trace of our own: https://www.w3.org/TR/trace-context/#traceparent-header."""
    digits = chance.digits()
    return f"00-{digits[:32]}-{digits[32:]}-01"


def _text(value: bytes) -> str:
    """A header's value as text that is written as the same bytes: the client writes UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def ours(
    work: Work, target: Target, now: float, trigger: Trigger, body: bytes, *, raw: bool
) -> str:
    """The gateway's own headers, none of whose values a sender chose. With `raw` the sender may use
    Standard Webhooks' names itself."""
    delivery, event, second = work.delivery, work.event, int(now)
    id_name, time_name, signature_name = _BESIDE_THEIRS if raw else _STANDARD
    said = (
        f"{id_name}: {delivery.id}\r\n{time_name}: {second}\r\n"
        f"Gateway-Event: {event.type}\r\nGateway-Event-Id: {event.id}\r\n"
        f"Gateway-Source: {event.source}\r\nGateway-Attempt: {delivery.attempts + 1}\r\n"
        f"Gateway-Trigger: {trigger}\r\ntraceparent: {_traceparent()}\r\n"
    )
    if target.sign:
        said += f"{signature_name}: {signatures(target.sign, delivery.id, second, body)}\r\n"
    if delivery.replay_of:
        said += f"Gateway-Replay-Of: {delivery.replay_of}\r\n"
    return said
