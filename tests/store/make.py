"""Admissions, events and deliveries for the store's tests, with as few words as possible."""

from gateway.model.ids import KeyDigest, Seq, key_digest, new_delivery_id, new_event_id
from gateway.model.records import Admission, Attempt, NewDelivery, NewEvent, Result
from gateway.model.states import DeliveryState, Reason, Trigger

NOW = 1_800_000_000.0
LATE = NOW + 1000
HEADERS = ((b"Content-Type", b"application/json"), (b"X-Twice", b"a"), (b"x-twice", b"\xff b"))


def delivery(
    target: str = "deployer",
    *,
    route: str = "deploy",
    state: DeliveryState = DeliveryState.PENDING,
    reason: Reason = Reason.NEW,
    at: float = NOW,
) -> NewDelivery:
    return NewDelivery(new_delivery_id(), route, target, state, reason, at)


def event(
    key: str,
    *deliveries: NewDelivery,
    item: int = 0,
    type: str = "vcs.push",
    provider_id: str | None = None,
    subject: str | None = None,
    verified: bool = True,
    id_signed: bool = True,
) -> NewEvent:
    return NewEvent(
        id=new_event_id(),
        item=item,
        dedup_key=key,
        type=type,
        provider_type="push",
        provider_id=provider_id,
        subject=subject,
        time=NOW,
        fields=b'{"branch":"main"}',
        flags=(),
        verified=verified,
        id_signed=id_signed,
        deliveries=list(deliveries),
    )


def digest(key: str, source: str = "github", *, verified: bool = True) -> KeyDigest:
    return key_digest(source, key, verified=verified)


def admission(
    *events: NewEvent,
    source: str = "github",
    at: float = NOW,
    body: bytes = b'{"ref":"refs/heads/main"}',
    revive: bool = True,
) -> Admission:
    return Admission(
        source=source,
        provider="github",
        received_at=at,
        client="203.0.113.7",
        scheme="hmac",
        key_label="first",
        content_type="application/json",
        headers=HEADERS,
        body=body,
        events=list(events),
        revive=revive,
    )


def attempt(number: int = 1, *, status: int | None = 500, at: float = NOW) -> Attempt:
    return Attempt(
        number, at, "http://127.0.0.1:9000/hooks", status, None, "", 0.01, b"oops", Trigger.INITIAL
    )


def result(
    seq: Seq,
    state: DeliveryState = DeliveryState.DELIVERED,
    reason: Reason = Reason.DONE,
    *,
    at: float = NOW,
    tried: Attempt | None = None,
) -> Result:
    return Result(seq, state, reason, "", at, tried)
