"""An event as CloudEvents: one valid JSON document with the received bytes in it."""

import base64
import json
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.ids import EventId, Seq
from gateway.model.records import Event
from gateway.providers import payload as bodies
from gateway.providers.payload import Payload
from gateway.routing.cdevents import CDEVENTS, ON_SUCCESS
from gateway.routing.cloudevents import CONTENT_TYPE, envelope, rfc3339

EVENT = Event(
    seq=Seq(7),
    id=EventId("evt_01"),
    receipt=Seq(6),
    item=0,
    source="github",
    provider="github",
    type="vcs.push",
    provider_type="push",
    provider_id="72d3162e",
    dedup_key="k",
    subject="acme/site",
    time=1795491120.0,
    received_at=1795491121.0,
    fields=b'{"repo":"acme/site"}',
    flags=(),
    verified=True,
    duplicates=0,
    size=2,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def read(body: bytes, content_type: str = "application/json") -> Payload:
    return bodies.read(body, content_type, "")


def test_the_envelope_is_the_documented_one_byte_for_byte() -> None:
    body = b'{ "ref" : "refs/heads/main",\n "n": 1.50 }'
    assert envelope(EVENT, read(body), body) == (
        b'{"specversion":"1.0","id":"evt_01","source":"/sources/github","type":"vcs.push",'
        b'"subject":"acme/site","time":"2026-11-24T03:32:00Z",'
        b'"receivedtime":"2026-11-24T03:32:01Z","datacontenttype":"application/json",'
        b'"provider":"github","providertype":"push","providerid":"72d3162e",'
        b'"data":{"event":{"repo":"acme/site"},"payload":' + body + b"}}"
    )
    assert CONTENT_TYPE == "application/cloudevents+json"


@given(json_values, st.sampled_from([None, 0, 2]), st.booleans())
def test_any_json_payload_is_in_it_unchanged(value: object, indent: int, ascii_only: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only, allow_nan=True).encode()
    found = read(body)
    document = envelope(EVENT, found, body)
    data = orjson.loads(document)["data"]
    if found.raw is None:
        assert base64.b64decode(data["payload_base64"]) == body
        assert data["unparsed"] == found.unparsed
    else:
        assert found.raw in document
        assert data["payload"] == orjson.loads(found.raw)


@given(st.binary(max_size=200), st.sampled_from(["application/json", bodies.FORM, ""]))
def test_any_bytes_give_one_valid_document(body: bytes, content_type: str) -> None:
    found = read(body, content_type)
    data = orjson.loads(envelope(EVENT, found, body))["data"]
    assert ("payload" in data) is (found.raw is not None)
    assert ("payload_base64" in data) is (found.raw is None)
    if found.raw is None:
        assert base64.b64decode(data["payload_base64"]) == body
        assert data["unparsed"]


@given(st.text(max_size=20), st.floats())
def test_any_words_and_times_of_the_sender_give_a_valid_document(text: str, moment: float) -> None:
    event = replace(EVENT, subject=text, provider_type=text, provider_id=text, time=moment)
    document = orjson.loads(envelope(event, read(b"{}"), b"{}"))
    assert document["time"].endswith("Z")
    assert document.get("subject", "") == text


def test_lone_surrogates_of_a_header_are_replaced() -> None:
    event = replace(EVENT, provider_id="a\udcff")
    assert orjson.loads(envelope(event, read(b"{}"), b"{}"))["providerid"] == "a?"


def test_what_is_not_known_is_left_out() -> None:
    event = replace(EVENT, subject=None, provider_id=None, provider_type="")
    document = orjson.loads(envelope(event, read(b"{}"), b"{}"))
    assert not {"subject", "providerid", "providertype", "cdevents", "verified"} & set(document)


def test_an_unverified_event_says_so() -> None:
    document = orjson.loads(envelope(replace(EVENT, verified=False), read(b"{}"), b"{}"))
    assert document["verified"] is False
    assert list(document)[-1] == "data"


@pytest.mark.parametrize(
    ("type", "fields", "wanted"),
    [
        ("vcs.change.closed", b"{}", "dev.cdevents.change.abandoned"),
        ("ci.pipeline.finished", b"{}", "dev.cdevents.pipelinerun.finished"),
        ("deploy.finished", b'{"outcome":"success"}', "dev.cdevents.service.deployed"),
        ("deploy.finished", b'{"outcome":"failure"}', None),
        ("vcs.push", b"{}", None),
        ("payment.succeeded", b"{}", None),
    ],
)
def test_what_cdevents_names_too_is_named(type: str, fields: bytes, wanted: str | None) -> None:
    event = replace(EVENT, type=type, fields=fields)
    assert orjson.loads(envelope(event, read(b"{}"), b"{}")).get("cdevents") == wanted


def test_the_table_of_cdevents_holds_names_of_theirs() -> None:
    for name in (*CDEVENTS.values(), *ON_SUCCESS.values()):
        assert name.startswith("dev.cdevents.")
        assert name.count(".") == 3


@pytest.mark.parametrize(
    ("moment", "wanted"),
    [
        (0.0, "1970-01-01T00:00:00Z"),
        (1795491120.0, "2026-11-24T03:32:00Z"),
        (1795491120.25, "2026-11-24T03:32:00.250Z"),
        (1795491119.9999, "2026-11-24T03:32:00Z"),
        (-62135596800.0, "0001-01-01T00:00:00Z"),
        (-1.5, "1969-12-31T23:59:58.500Z"),
        (1e20, ""),
        (float("nan"), ""),
        (float("inf"), ""),
    ],
)
def test_times_are_rfc_3339_in_utc(moment: float, wanted: str) -> None:
    assert rfc3339(moment) == wanted
