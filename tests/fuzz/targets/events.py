"""Events: whatever a sender writes becomes events of the vocabulary, and none is lost."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from math import isfinite

import orjson
from hypothesis import strategies as st

from gateway import providers
from gateway.ingest.admit import _as_json
from gateway.model.ids import EventId, Seq
from gateway.model.records import Event
from gateway.model.request import Headers, Request
from gateway.providers import sampling
from gateway.providers.declaration import Declaration
from gateway.providers.extract import Extractor, Item
from gateway.providers.payload import DOUBLED, Payload
from gateway.providers.vocabulary import FIELDS, TYPES
from gateway.routing import cloudevents
from tests import vectors
from tests.fuzz import message, mutating, shapes
from tests.fuzz.senders import MADE_UP
from tests.fuzz.target import Target, promise
from tests.providers.reading import faults_of

NOW = 1_790_000_000.0
LONGEST = 512
"""Characters of an id or of a sender's word that are kept."""
FLAGS = {DOUBLED, "no_id", "batch_cut"}


@cache
def extractor(name: str) -> Extractor:
    return Extractor(declaration(name))


def declaration(name: str) -> Declaration:
    return MADE_UP[name] if name in MADE_UP else providers.load(name)


@cache
def names() -> tuple[str, ...]:
    return (*providers.names(), *MADE_UP)


def run(data: bytes) -> None:
    """First line: the sender. Its headers, its body."""
    sent = message.parse(data)
    name = sent.first.strip()
    name = name if name in names() else names()[0]
    request = Request("POST", f"/in/{name}", b"", Headers(sent.pairs), sent.body)
    read = extractor(name)
    payload = read.payload(request)
    items = read.items(request, payload, NOW)
    promise(items == read.items(request, payload, NOW), "two readings of one request")
    most = declaration(name).batch
    promise(1 <= len(items) <= (most.at_most if most else 1), f"{len(items)} events")
    promise([item.index for item in items] == list(range(len(items))), "not in order")
    for item in items[:20]:
        judge(item, len(sent.body))
        _envelope(item, payload, sent.body)
    digests = [item.dedup_key for item in items if "no_id" in item.flags]
    promise(len(set(digests)) == len(digests), "two items without an id have one key")


def judge(item: Item, size: int) -> None:
    """What holds for every event. size: bytes of the body."""
    promise(item.type in TYPES, f"no type of ours: {item.type}")
    found = faults_of(item.type, item.fields)
    promise(not found, f"{item.type}: {found[:2]}")
    promise(item.dedup_key and len(item.dedup_key) <= LONGEST + 80, "a key without bounds")
    promise(len(item.provider_type) <= LONGEST, "a word without bounds")
    promise(item.provider_id is None or 0 < len(item.provider_id) <= LONGEST, "an odd id")
    promise(item.subject is None or item.subject in item.fields.values(), "a made up subject")
    promise(item.time is None or (isfinite(item.time) and -7e10 < item.time < 3e11), "no time")
    known = FLAGS | {f"unread:{name}" for name in (*FIELDS, "time")}
    promise(set(item.flags) <= known, f"unknown flags: {item.flags}")
    promise(len(set(item.flags)) == len(item.flags), "a flag twice")
    for name, value in item.fields.items():
        promise(f"unread:{name}" not in item.flags, f"{name} is both there and unread")
        if isinstance(value, str):
            promise(len(value) <= size + 600, f"{name} is longer than what was sent")
            promise(not any("\ud800" <= c <= "\udfff" for c in value), f"{name} is no Unicode")
        else:
            promise(type(value) in (int, bool), f"{name} is a {type(value).__name__}")


def _envelope(item: Item, payload: Payload, body: bytes) -> None:
    """The CloudEvent is JSON, with the sender's own payload in it."""
    event = Event(
        seq=Seq(1), id=EventId("evt_1"), receipt=Seq(1), item=item.index, source="x", provider="x",
        type=item.type, provider_type=item.provider_type, provider_id=item.provider_id,
        dedup_key=item.dedup_key, subject=item.subject,
        time=NOW if item.time is None else item.time, received_at=NOW,
        fields=_as_json(item.fields), flags=item.flags, verified=True, duplicates=0, size=len(body),
    )  # fmt: skip
    odd = replace(event, subject="\udcff", verified=False, time=float("inf"))
    doubtful = json.loads(cloudevents.envelope(odd, payload, body), parse_int=str, parse_float=str)
    promise(doubtful["verified"] is False, "an unverified event that does not say so")
    found = json.loads(cloudevents.envelope(event, payload, body), parse_int=str, parse_float=str)
    promise(found["type"] == item.type and found["specversion"] == "1.0", "another event")
    attributes = {k: v for k, v in found.items() if k != "data"}
    promise(all(v not in ("", None) for v in attributes.values()), "an empty attribute")
    promise(all(k.isascii() and k.isalnum() and k == k.lower() for k in attributes), "a bad name")
    promise(set(found["data"]["event"]) == set(item.fields), "other fields")
    promise(("payload" in found["data"]) != ("payload_base64" in found["data"]), "two payloads")
    if payload.raw:
        promise(
            orjson.loads(payload.raw) == payload.value or "e" in str(payload.raw), "other payload"
        )


def seeds() -> Iterable[tuple[str, bytes]]:
    """Every sample of every sender, and the bodies of the vectors."""
    for name in providers.names():
        for sample in sampling.load(name):
            pairs = [("Content-Type", sample.content_type), *sample.headers]
            raw = tuple((key.encode(), value.encode()) for key, value in pairs)
            yield f"{name}-{sample.name}", message.write(name, raw, sample.body)
        if name in vectors.senders():
            for vector in vectors.load(name):
                yield (
                    vector.id,
                    message.write(name, vector.request.headers.pairs, vector.request.body),
                )


# ---------------------------------------------------------------- shapes


@cache
def _samples() -> tuple[bytes, ...]:
    return tuple(data for _, data in seeds())


@cache
def _paths(name: str) -> tuple[str, ...]:
    """Keys that this sender's rules ask for."""
    text = repr(declaration(name))
    return tuple(
        sorted(
            {
                part
                for ref in re.findall(r"'((?:/[a-z_0-9]+)+)'", text)
                for part in ref[1:].split("/")
            }
        )
    )


@st.composite
def _case(draw: st.DrawFn) -> bytes:
    name = draw(st.sampled_from(names()))
    keys = st.sampled_from(_paths(name) or ("id",))
    body = draw(shapes.values(keys, leaves=20))
    words = sorted({word for rule in declaration(name).rules for word in rule.on}) or ["x"]
    word = draw(st.sampled_from(words))
    if isinstance(body, dict):
        for key in ("type", "object_kind", "event_type", "id"):
            if draw(st.booleans()):
                body[key] = word if key != "id" else draw(shapes.scalars)
    refs = [ref for ref in declaration(name).event if ref.startswith("header.")]
    pairs = [(ref[7:].encode(), word.encode("latin-1", "replace")) for ref in refs]
    return message.write(name, tuple(pairs), shapes.dump(body))


TARGET = Target(
    name="events",
    promise="any body becomes events of the vocabulary whose fields fit their family's schema",
    run=run,
    cases=_case(),
    more_seeds=seeds,
    mutate=mutating.json_behind_a_head,
    words=(
        "X-GitHub-Event: ",
        "X-Gitlab-Event: ",
        "refs/heads/",
        "refs/tags/",
        '"object":',
        '"type":',
    ),
)
