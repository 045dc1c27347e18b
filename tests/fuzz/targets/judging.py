"""The judge: one outcome a request, nobody let in who does not belong, and nothing told or kept that
is secret."""

import asyncio
import gzip
import json
import re
from collections.abc import Iterable
from dataclasses import replace

from gateway.errors import StoreUnavailable
from gateway.ingest.judge import Judge
from gateway.ingest.parts import Answer, Parts
from gateway.model.outcomes import OUTCOMES, Outcome
from gateway.model.records import Admission
from gateway.model.request import Headers, Request
from gateway.model.states import DeliveryState
from gateway.plan.plan import Source
from tests.fuzz import gate, message, mutating, reference
from tests.fuzz.message import Pairs
from tests.fuzz.target import Target, promise
from tests.fuzz.targets import requests
from tests.providers.reading import faults_of

STATUSES = {row.status for row in OUTCOMES.values()} | {200, 204, 503}
ENTERED = {"accepted", "duplicate", "unrouted"}


def run(data: bytes) -> None:
    """First line: method, target (path and query), then words: `forwarded` `peer` (mode), `plain`
    `shared` (routes that ask nothing), `quiet` (no log), an address or `-` (the peer), `pieces`
    `slow` `broken` `cancel` (the body), `packed` (gzip it first), `stored` (without making it
    smaller), `sealed` (sign the packed bytes), `x9` (the body so many times), `dead` (the
    deliveries made so far), `down` `bug` (the store), `paused`, `twice`, `both` (at once), `crowd`
    (room for 100 bytes), `queue` (none for commits)."""
    sent = message.parse(data)
    method, target, *words = [*sent.words, "", ""]
    mode = next((w for w in words if w in gate.plans()), "x-forwarded-for")
    room = gate.Room(mode, quiet="quiet" in words)
    plan = gate.plans()[room.mode]
    path = target.partition("?")[0]
    source = plan.by_path.get(path)
    if any(secret in place for secret in gate.SECRETS for place in _odd_places(sent, source)):
        return  # what gives a secret away in such a place cannot be known for one
    for word in words:
        if re.fullmatch(r"x[0-9]{1,3}", word):
            sent = replace(sent, body=sent.body * int(word[1:]))
    level = 0 if "stored" in words else 9
    wire = gzip.compress(sent.body, level, mtime=0) if "packed" in words else sent.body
    pairs = _signed(source, sent.pairs, wire if "sealed" in words else sent.body, method)
    _surroundings(room, words, source)
    answers = []
    judge = room.judge()
    for _ in range(2 if "twice" in words else 1):
        how = next((w for w in words if w in ("pieces", "slow", "broken")), "whole")
        many = [
            Parts(method, target, Headers(pairs), _peer(words), gate.Stream(wire, each))
            for each in ([how, "pieces"] if "both" in words else [how])
        ]
        answers += _received(judge, many, "cancel" in words)
        if "dead" in words:
            for admission in room.store.admissions:
                for event in admission.events:
                    for delivery in event.deliveries:
                        delivery.state = DeliveryState.DEAD
    found = room.faults(len(answers))
    bug = "bug" in words and found and "made up" in found[0]
    promise(not found or bug, f"{found[:3]}")
    for answer, (_, outcome) in zip(answers, room.ears.counts, strict=True):
        if answer is not None:
            _answered(answer, outcome, room, sent)
    outcomes = [outcome for _, outcome in room.ears.counts]
    if ENTERED & set(outcomes):
        promise(source is not None, "let in without a source")
        _entered(source, room, replace(sent, pairs=pairs), wire, method, path)
    promise(len(room.store.admissions) == sum(o in ENTERED for o in outcomes), "kept, or not kept?")


def _odd_places(sent: message.Message, source: Source | None) -> Iterable[bytes]:
    """Where no sender's secret stands: method, path, names, body, and headers that this source's
    scheme does not read."""
    yield sent.first.encode("latin-1", "replace")
    yield sent.body
    read = source.verifier.secret_headers if source and source.verifier else frozenset()
    for name, value in sent.pairs:
        yield name
        if name.lower() not in read | {b"authorization", b"cookie"}:
            yield value


def _peer(words: list[str]) -> str | None:
    known = ("127.0.0.1", "10.1.1.1", "198.51.100.7", "2001:db8::1", "::1")
    return next((word for word in words if word in known), None if "-" in words else "127.0.0.1")


def _signed(source: Source | None, pairs: Pairs, body: bytes, method: str) -> Pairs:
    if source is None or source.verifier is None:
        return pairs
    for bound in source.verifier.bound:
        for mark, key in ((b"{sig}", bound.keys[0]), (b"{old}", bound.keys[-1])):
            if any(mark in value for _, value in pairs):
                sent = reference.Sent(pairs, body, gate.NOW, method)
                right = reference.signature(bound.scheme, key.value, sent) or ""
                pairs = tuple((n, v.replace(mark, right.encode())) for n, v in pairs)
    return pairs


class _Bug(Exception):
    """Made up: nobody expects it."""


def _surroundings(room: gate.Room, words: list[str], source: Source | None) -> None:
    if "down" in words:
        room.store.fail = StoreUnavailable("the disk is full")
    if "bug" in words:
        room.store.fail = _Bug("made up")
    if "paused" in words and source is not None:
        kind = ("source", source.name) if "all" in words else ("target", "one")
        room.pauses.names = {kind, ("route", "odd")}
    if "crowd" in words:
        room.in_flight = 100
    if "queue" in words:
        room.commits = 0


def _received(judge: Judge, many: list[Parts], cancel: bool) -> list[Answer | None]:
    """The answers, in the order in which they are given. None: the process ended before."""
    answers: list[Answer | None] = []

    async def one(parts: Parts) -> None:
        try:
            answers.append(await judge.receive(parts))
        except asyncio.CancelledError:
            answers.append(None)

    async def all_of_them() -> None:
        tasks = [asyncio.create_task(one(parts)) for parts in many]
        if cancel:
            await asyncio.sleep(0)
            tasks[0].cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    gate.loop().run_until_complete(all_of_them())
    promise(judge._in_flight.used == 0, "bytes in flight that nobody gives back")
    return answers


def _answered(answer: Answer, outcome: str, room: gate.Room, sent: message.Message) -> None:
    promise(answer.status in STATUSES, f"status {answer.status} for {outcome}")
    row = OUTCOMES[Outcome(outcome)]
    promise(row.let_in or answer.status >= 400 or answer.body == b"no", "refused with a success")
    promise(not row.let_in or answer.status < 300, f"let in with {answer.status}")
    names = [name.lower() for name, _ in answer.headers]
    promise(len(set(names)) == len(names), "a header twice")
    promise(
        all(v.isprintable() and v.isascii() for _, v in answer.headers), "a header of two lines"
    )
    if outcome == "handshake":
        promise(
            len(answer.body) <= 512 and answer.body.decode("ascii").isprintable(), "an odd echo"
        )
        return
    promise(len(answer.body) < 20_000, "an answer without bounds")
    said = gate.json_of(answer.body)
    if not row.let_in and isinstance(said, dict):
        promise(set(said) == {"title", "status", "detail", "request_id"}, "another form of problem")
        for _, value in sent.pairs:
            promise(len(value) < 12 or value not in answer.body, "a refusal echoes the request")
        reasons = [line.reason for line in room.ears.lines if line.reason]
        promise(
            not any(r in str(said["detail"]) for r in reasons if len(r) > 30), "the reason is told"
        )


def _entered(
    source: Source, room: gate.Room, sent: message.Message, wire: bytes, method: str, path: str
) -> None:
    """Who was let in belongs there, and what was kept is what was sent."""
    proven = source.verifier is None or any(
        _proves(source, reference.Sent(sent.pairs, body, gate.NOW, method), path)
        for body in {sent.body, wire}
    )
    promise(source.problem == "" and not source.closed, "a closed source took something")
    for admission in room.store.admissions:
        verified = all(event.verified for event in admission.events)
        promise(proven or not verified, "let in without a right signature")
        promise(verified or not source.enforce, "unverified, though the source enforces")
        promise(verified == (admission.refusal == ""), "refused, and yet verified")
        promise(admission.events, "a receipt without an event")
        _kept(source, admission, (sent.body, wire))
        found = gate.astray(admission, gate.plans()[room.mode]) if room.mode in gate.CERTAIN else []
        promise(not found, f"{found}")


def _proves(source: Source, sent: reference.Sent, path: str) -> bool:
    request = Request(sent.method, path, b"", Headers(sent.pairs), sent.body)
    for bound in source.verifier.bound if source.verifier else ():
        if bound.scheme.present(request):
            found = [(key.label, key.value) for key in bound.keys]
            return reference.fitting(bound.scheme, found, sent) is not None
    return False


def _kept(source: Source, admission: Admission, bodies: tuple[bytes, bytes]) -> None:
    """bodies: before it was packed, and as it came; without its header nobody unpacks it."""
    hides = bool(source.declaration.secret_at)
    promise(hides or admission.body in bodies, "another body is kept")
    if hides:
        value = source.extractor.payload(
            Request("POST", "/", b"", Headers(admission.headers), admission.body)
        ).value
        for pointer in ("passcode", "pass/code"):
            found = value.get(pointer) if isinstance(value, dict) else None
            promise(found != gate.HIDDEN, "a secret of the body is kept")
    for event in admission.events:
        fields = json.loads(event.fields)
        promise(not faults_of(event.type, fields), f"{event.type}: {faults_of(event.type, fields)}")
        promise(event.dedup_key, "an event without a key")
        promise(event.verified or all(d.target == "four" for d in event.deliveries), "to the wrong")
        for delivery in event.deliveries:
            state = str(delivery.state)
            promise(state in ("pending", "leased", "held", "dead"), f"a new delivery is {state}")
            promise(state == "dead" or (state == "held") == bool(delivery.detail), "no reason")
            keys = delivery.keys
            for key in (keys.order, keys.fair, keys.burst) if keys else ():
                promise(key is None or (len(key) <= 200 and key.isprintable()), f"a key {key!r}")


TARGET = Target(
    name="judging",
    promise="one outcome a request; let in is only what is proven; no secret is kept or told",
    run=run,
    cases=requests.CASES,
    more_seeds=requests.seeds,
    mutate=mutating.json_behind_a_head,
    words=(
        *requests.PATHS,
        *requests.WORDS,
        *(f"{n.decode('latin-1')}: {v[:60].decode('latin-1')}" for n, v in requests.PAIRS),
    ),
)
