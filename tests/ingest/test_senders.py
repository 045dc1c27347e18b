"""The shipped senders' own requests, from the socket to the event."""

import pytest

from gateway.providers import load as declaration_of
from tests import fakes
from tests.ingest.wire import gate
from tests.vectors import Vector, load

SENDERS = ("github", "gitlab", "stripe", "circleci")


def secrets(vector: Vector) -> list[bytes]:
    found = vector.texts("keys", "tokens", "signing_tokens")
    return [text.encode() for text in found]


# Published texts have secrets that no source may have: those are for the tests of schemes.
ALL = [
    pytest.param(sender, one, id=one.id)
    for sender in SENDERS
    for one in load(sender)
    if all(len(secret) >= 16 for secret in secrets(one))
]


def raw(vector: Vector) -> bytes:
    lines = [b"POST /in/orders HTTP/1.1", b"Host: hooks.example.com"]
    lines += [name + b": " + value for name, value in vector.request.headers.pairs]
    lines += [b"Content-Length: %d" % len(vector.request.body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + vector.request.body


@pytest.mark.parametrize(("sender", "vector"), ALL)
async def test_what_it_signs_becomes_its_event_and_nothing_else_does(sender, vector) -> None:
    source = fakes.source(declared=declaration_of(sender), secrets=secrets(vector))
    async with gate(fakes.plan(source)) as one:
        one.clock.now = vector.now
        first = await one.send(raw(vector))
        if not vector.accept:
            assert first.status == 401
            assert one.store.admissions == []
            return
        assert 200 <= first.status < 300
        assert 200 <= (await one.send(raw(vector))).status < 300
    assert one.ears.outcomes == ["unrouted", "duplicate"]
    stored = one.store.admissions[0]
    assert stored.body == vector.request.body
    for secret in secrets(vector):
        assert secret not in repr(stored).encode()
    expected = vector.expect_event
    if expected:
        event = stored.events[0]
        assert event.dedup_key.endswith(str(expected["id"]))
        assert event.type == expected["type"]
        assert event.provider_type == expected["provider_event"]
