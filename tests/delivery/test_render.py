"""The request of an attempt: what it says of itself, what passes on and what never does."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import providers
from gateway.delivery.headers import NEVER
from gateway.delivery.render import read_payload
from gateway.errors import ExpressionFailed
from gateway.model.ids import DeliveryId
from gateway.model.records import Work
from gateway.model.states import Trigger
from gateway.routing.match import Route
from gateway.routing.transform import compile_transform
from tests import fakes
from tests.delivery.rendering import call_of, names, stored, with_header
from tests.delivery.setting import pairs, target

RAW = fakes.route(format="raw")
HOSTILE = (
    (b"Host", b"evil.test"),
    (b"Cookie", b"a=b"),
    (b"Authorization", b"Bearer x"),
    (b"Connection", b"keep-alive, X-GitHub-Event"),
    (b"Transfer-Encoding", b"chunked"),
    (b"Content-Length", b"1"),
    (b"X-Forwarded-For", b"192.0.2.1"),
    (b"Forwarded", b"for=192.0.2.1"),
    (b"Via", b"1.1 x"),
    (b"traceparent", b"00-1-2-01"),
    (b"webhook-id", b"theirs"),
    (b"Gateway-Event-Id", b"theirs"),
    (b"X-Anything", b"x"),
)


def transforming(value: object) -> Route:
    return fakes.route(transform=compile_transform(value))


@pytest.mark.parametrize("raw", [False, True])
def test_a_request_says_what_it_is(event: Work, *, raw: bool) -> None:
    call = call_of(
        replace(event, delivery=replace(event.delivery, attempts=4)),
        target(sign=(b"k" * 32,)),
        RAW if raw else None,
        trigger=Trigger.RETRY,
    )
    said = dict(pairs(call))
    names = [f"webhook-{part}" for part in ("id", "timestamp", "signature")]
    id_, timestamp, signature = [f"Gateway-{one.title()}" for one in names] if raw else names
    assert (said[id_], said[timestamp]) == ("dlv_7", "1790000000")
    assert said[signature].startswith("v1,")
    assert (said["Gateway-Event"], said["Gateway-Event-Id"]) == ("other", "evt_7")
    assert (said["Gateway-Source"], said["Gateway-Attempt"]) == ("orders", "5")
    assert said["Gateway-Trigger"] == "retry"
    assert len(said["traceparent"]) == 55
    assert said["Content-Type"] == ("application/json" if raw else "application/cloudevents+json")
    assert len({name.lower() for name in said}) == len(pairs(call)), "no header twice"


def test_without_keys_nothing_is_signed_and_only_a_replay_names_an_old_one(event: Work) -> None:
    assert not names(call_of(event)) & {"webhook-signature", "gateway-replay-of"}
    again = replace(event.delivery, replay_of=DeliveryId("dlv_old"))
    call = call_of(replace(event, delivery=again), trigger=Trigger.REPLAY)
    assert dict(pairs(call))["Gateway-Replay-Of"] == "dlv_old"


def test_no_two_attempts_share_a_trace(event: Work) -> None:
    seen = {dict(pairs(call_of(event)))["traceparent"] for _ in range(50)}
    assert len(seen) == 50


def test_a_cloudevent_carries_the_payload_byte_for_byte() -> None:
    body = b'{ "b" : 1.0 ,\n "a":"\\u00e9" }'
    call = call_of(stored(body, HOSTILE))
    assert b'"payload":' + body + b"}}" in call.body
    assert orjson.loads(call.body)["data"]["event"] == {"n": 1}
    assert b"theirs" not in b"".join(value.encode() for _, value in pairs(call))


@given(st.binary(max_size=200))
def test_raw_is_the_body_as_it_came(body: bytes) -> None:
    call = call_of(stored(body, content_type="text/x"), route=RAW)
    assert call.body == body
    assert dict(pairs(call))["Content-Type"] == "text/x"


@given(st.binary(max_size=100))
def test_any_body_has_an_envelope(body: bytes) -> None:
    data = orjson.loads(call_of(stored(body)).body)["data"]
    assert ("payload" in data) != ("payload_base64" in data and bool(data["unparsed"]))


def test_with_raw_the_declared_headers_pass_and_nothing_else() -> None:
    headers = (
        (b"x-GITHUB-event", b"push"),
        (b"X-Hub-Signature-256", b"sha256=00"),
        *HOSTILE,
    )
    call = call_of(stored(headers=headers, provider="github"), route=RAW)
    theirs = [(name, value) for name, value in pairs(call) if not name.startswith("Gateway-")]
    assert ("x-GITHUB-event", "push") in theirs
    assert ("X-Hub-Signature-256", "sha256=00") in theirs
    assert {name.lower() for name, _ in theirs} == {
        "x-github-event", "x-hub-signature-256", "user-agent", "content-type", "traceparent",
    }  # fmt: skip
    assert dict(pairs(call))["Gateway-Event-Id"] == "evt_7"
    assert dict(pairs(call))["traceparent"] != "00-1-2-01"


@pytest.mark.parametrize("name", providers.names())
def test_no_provider_declares_a_header_that_never_passes(name: str) -> None:
    declared = {one.lower() for one in providers.load(name).raw_headers}
    assert not declared & NEVER


def test_a_declared_user_agent_takes_the_place_of_ours() -> None:
    headers = ((b"user-agent", b"GitHub-Hookshot/044aadd"),)
    call = call_of(stored(headers=headers, provider="github"), route=RAW)
    said = [value for name, value in pairs(call) if name.lower() == "user-agent"]
    assert said == ["GitHub-Hookshot/044aadd"]


def test_bytes_beyond_ascii_pass_as_they_came() -> None:
    headers = ((b"X-GitHub-Event", "grüße".encode()),)
    call = call_of(stored(headers=headers, provider="github"), route=RAW)
    assert dict(pairs(call))["X-GitHub-Event"] == "grüße"


def test_a_transform_makes_the_body() -> None:
    route = transforming({"text": "{{ payload.name }} is {{ event.n }}", "n": "{{ event.n }}"})
    call = call_of(stored(), route=route)
    assert orjson.loads(call.body) == {"text": "a is 1", "n": 1}
    assert dict(pairs(call))["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "body",
    [b'{"s": "x", "n": 1}', b'{"n": "x", "s": [1]}'],
)
def test_a_transform_that_cannot_be_done_is_a_hold(body: bytes) -> None:
    with pytest.raises(ExpressionFailed):
        call_of(stored(body), route=transforming({"sum": "{{ payload.n + payload.s }}"}))


def test_a_headers_template_sees_the_event() -> None:
    said = dict(pairs(call_of(stored(), with_header("{{ payload.name }}-{{ id }}"))))
    assert said["X-Of-Ours"] == "a-evt_7"


def test_a_header_of_the_operator_takes_the_place_of_one_that_passes() -> None:
    passing = stored(headers=((b"X-GitHub-Event", b"push"),), provider="github")
    for name in ("user-agent", "x-github-event"):
        call = call_of(passing, with_header("mine", name), RAW)
        assert [value for had, value in pairs(call) if had.lower() == name] == ["mine"]


@pytest.mark.parametrize("wrong", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "日本", "\x7f"])
def test_a_header_that_would_be_two_or_cannot_be_read_is_a_hold(wrong: str) -> None:
    body = orjson.dumps({"name": wrong})
    with pytest.raises(ExpressionFailed):
        call_of(stored(body), with_header("v {{ payload.name }}"))


def test_a_header_of_the_sender_that_would_be_two_is_a_hold() -> None:
    """No server lets one in; a store may have anything."""
    bad = stored(headers=((b"X-GitHub-Event", b"a\r\nX-Evil: 1"),), provider="github")
    with pytest.raises(ExpressionFailed):
        call_of(bad, route=RAW)
    with pytest.raises(ExpressionFailed):
        call_of(stored(content_type="text/x\r\nX-Evil: 1"), route=RAW)


@pytest.mark.parametrize("odd", ["\x85", "\xa0", "\x1c", "\u2028"])
def test_what_only_looks_like_an_end_of_a_line_is_none(odd: str) -> None:
    headers = ((b"X-GitHub-Event", f"a{odd}b".encode()),)
    call = call_of(stored(headers=headers, provider="github"), with_header("mine"), RAW)
    assert dict(pairs(call))["X-GitHub-Event"] == f"a{odd}b"
    assert dict(pairs(call))["X-Of-Ours"] == "mine"


def test_a_body_that_was_a_form_is_read_as_one() -> None:
    form = stored(b"payload=%7B%22a%22%3A1%7D", provider="github",
                  content_type="application/x-www-form-urlencoded")  # fmt: skip
    assert read_payload(form).value == {"a": 1}


def test_no_attempt_looks_at_the_disk_for_what_is_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in ("github", "custom"):
        call_of(stored(provider=provider))

    def looks(*_: object) -> None:
        raise AssertionError("a folder was read")

    monkeypatch.setattr(providers, "load", looks)
    monkeypatch.setattr(providers, "names", looks)
    for provider in ("github", "custom"):
        call_of(stored(provider=provider))


@pytest.mark.parametrize(
    "route",
    [None, RAW, transforming({"n": "{{ payload.n }}", "t": "{{ type }}"})],
    ids=["cloudevent", "raw", "transform"],
)
def test_what_was_read_at_acceptance_need_not_be_read_again(event: Work, route: Route) -> None:
    templated = with_header("{{ payload.n }}", "X-N")
    one = replace(event, body=b'{"n": 1}')
    for to in (target(), templated):
        again, known = (call_of(replace(one, is_json=flag), to, route) for flag in (False, True))
        assert known.body == again.body
        assert dict(pairs(known)).get("X-N") == dict(pairs(again)).get("X-N")
