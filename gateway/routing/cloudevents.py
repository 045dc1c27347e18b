"""An event as a CloudEvent: structured JSON whose payload is the received bytes, spliced in.

CloudEvents 1.0.2, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and
formats/json-format.md. The payload is never parsed and written again here.
"""

import base64
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from gateway.model.records import Event
from gateway.providers.payload import Payload
from gateway.routing.cdevents import CDEVENTS, ON_SUCCESS

CONTENT_TYPE = "application/cloudevents+json"


def envelope(event: Event, payload: Payload, body: bytes) -> bytes:
    """The CloudEvent of an event.

    payload: the body as it was read. body: the exact bytes received; they stand in it as
    `payload_base64`, beside `unparsed` with the reason, where `payload.raw` has no JSON to splice.
    """
    received = rfc3339(event.received_at)
    happened = received if event.time == event.received_at else rfc3339(event.time) or received
    attributes: dict[str, str | bool] = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/sources/{event.source}",
        "type": event.type,
    }
    # The specification knows no empty attribute: what is not known is left out.
    if event.subject:
        attributes["subject"] = event.subject
    if happened:
        attributes["time"] = happened
    if received:
        attributes["receivedtime"] = received
    attributes["datacontenttype"] = "application/json"
    attributes["provider"] = event.provider
    if event.provider_type:
        attributes["providertype"] = event.provider_type
    if event.provider_id:
        attributes["providerid"] = event.provider_id
    if name := _cdevents(event):
        attributes["cdevents"] = name
    if not event.verified:
        attributes["verified"] = False
    if payload.raw:
        rest: tuple[bytes, ...] = (b',"payload":', payload.raw)
    else:
        coded = base64.b64encode(body)
        rest = (b',"payload_base64":"', coded, b'","unparsed":', _json(payload.unparsed))
    return b"".join((_json(attributes)[:-1], b',"data":{"event":', event.fields, *rest, b"}}"))


def rfc3339(moment: float) -> str:
    """Unix seconds as RFC 3339 in UTC, to the millisecond where there are any; empty: no such time."""
    try:
        whole, rest = divmod(round(moment * 1000), 1000)
        text = _second(whole)
    except (ValueError, OverflowError, OSError):
        return ""
    return f"{text}.{rest:03}Z" if rest else f"{text}Z"


@lru_cache(maxsize=1024)
def _second(whole: int) -> str:
    """Kept: under load many events share a second, and each is written twice."""
    return datetime.fromtimestamp(whole, UTC).isoformat(timespec="seconds")[:19]


def _cdevents(event: Event) -> str:
    name = CDEVENTS.get(event.type, "")
    if not name and event.type in ON_SUCCESS:
        fields = orjson.loads(event.fields)
        if fields.get("outcome") == "success":
            name = ON_SUCCESS[event.type]
    return name


def _json(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # Lone surrogates (a sender's header, kept by surrogateescape) have no JSON.
        return orjson.dumps(_repaired(value))


def _repaired(value: object) -> object:
    if isinstance(value, dict):
        return {name: _repaired(part) for name, part in value.items()}
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
