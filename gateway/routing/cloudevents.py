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
    attributes: dict[str, str | bool] = {
        "specversion": "1.0",
        "id": event.id,
        "source": f"/sources/{event.source}",
        "type": event.type,
        "subject": event.subject or "",
        "time": rfc3339(event.time) or rfc3339(event.received_at),
        "receivedtime": rfc3339(event.received_at),
        "datacontenttype": "application/json",
        "provider": event.provider,
        "providertype": event.provider_type,
        "providerid": event.provider_id or "",
        "cdevents": _cdevents(event),
    }
    # The specification knows no empty attribute: what is not known is left out.
    attributes = {name: value for name, value in attributes.items() if value}
    if not event.verified:
        attributes["verified"] = False
    head = _json(attributes)
    if payload.raw:
        rest = b',"payload":' + payload.raw
    else:
        rest = b',"payload_base64":"%b","unparsed":%b' % (
            base64.b64encode(body),
            _json(payload.unparsed),
        )
    return b'%b,"data":{"event":%b%b}}' % (head[:-1], event.fields, rest)


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
