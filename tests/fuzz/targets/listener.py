"""The public listener: any bytes on a connection get answers of ours, or a closed connection."""

import hashlib
import hmac
import re
from dataclasses import dataclass

from tests.fuzz import gate, reference
from tests.fuzz.talking import SILENCE, talk
from tests.fuzz.target import Target, promise
from tests.fuzz.targets import writes
from tests.fuzz.targets.writes import NEXT

STATUSES = {100, 200, 202, 204, 400, 401, 403, 404, 405, 408, 413, 415, 429, 503}


def run(data: bytes) -> None:
    """First line: words: `eof` (the sender half-closes), `gone` (it closes at once), `reset` (it
    breaks the connection off), `hasty` (it waits for nothing between and behind what it writes),
    `ending` (the process ends before the last write), `quiet` (no log), `slow` (a commit takes a
    second), the name of a plan, `crowd` (room for 200 bytes), `full` (there is room for one
    connection, and another one is at work), `idle` (it does nothing; `asked`: any more), `deaf`
    (another one writes the same and reads nothing), `company` (so do three, meanwhile), `x9` (all of it so many times), `tcp` or `unix`
    (a real socket). Then what is written; a write that is `{9}` is so many seconds of silence;
    `{pad}` is 33 KB of headers, `{framing}` a megabyte of chunks, `{large}` 200 KB of body, `{crumbs}`
    30,000 chunks of one `x`; `{sig}` is the signature of what follows the first empty line,
    `{sig-x}` that of the body `x`, `{sig-crumbs}` that of so many."""
    head, _, raw = data.partition(b"\n")
    words = head.decode("latin-1").split()
    spoken = [piece for piece in raw.split(NEXT) if not SILENCE.fullmatch(piece)]
    body = b"".join(spoken).partition(b"\r\n\r\n")[2]
    for mark, text in ((b"{sig}", body), (b"{sig-x}", b"x"), (b"{sig-crumbs}", b"x" * 30_000)):
        raw = raw.replace(
            mark, hmac.new(gate.SECRETS[0], text, hashlib.sha256).hexdigest().encode()
        )
    for word in words:
        if re.fullmatch(r"x[0-9]{1,4}", word):
            raw = raw[:4096] * int(word[1:])
    raw = raw.replace(b"{pad}", (b"X-Pad: " + b"a" * 7000 + b"\r\n") * 5, 1)
    raw = raw.replace(b"{framing}", (b"1;" + b"a" * 400 + b"\r\nx\r\n") * 4000, 1)
    raw = raw.replace(b"{crumbs}", b"1\r\nx\r\n" * 30_000, 1)
    raw = raw.replace(b"{large}", b"a" * 200_000, 1)
    mode = next((w for w in words if w in gate.plans()), "x-forwarded-for")
    room = gate.Room(mode, quiet="quiet" in words)
    room.in_flight = 200 if "crowd" in words else 100_000
    if "slow" in words and "deaf" not in words:
        room.store = gate.SlowStore()
    judge = room.judge()
    said = talk(judge, raw.split(NEXT), words)
    answered, cut_off = gate.loop().run_until_complete(said)
    promise(judge._in_flight.used == 0, "bytes in flight that nobody gives back")
    said_in_all = b"".join(p for p in raw.split(NEXT) if not SILENCE.fullmatch(p))
    answers = _taken_apart(answered, maybe_head=b"HEAD" in said_in_all)
    promise(b"Traceback" not in answered, "a traceback is sent")
    faults = room.faults(len(room.ears.counts))
    promise(not faults, f"{faults[:3]}")
    let_in = sum(outcome in ("accepted", "duplicate", "unrouted") for outcome in room.ears.outcomes)
    promise(len(room.store.admissions) == let_in, "kept, or not kept?")
    if not {"gone", "reset", "full", "idle", "deaf", "company"} & set(words):
        counted = [a for a in answers if a.status != 100 and not _healthz(a)]
        # Who half-closes, or writes on after the end, may miss an answer: it was given all the same.
        lost = len(room.ears.counts) - len(counted)
        missed = "eof" in words or "ending" in words or cut_off
        promise(lost == 0 or (lost > 0 and missed), f"{len(counted)}: {room.ears.counts}")
    long_words = {word for word in raw[:20_000].split() if len(word) > 30 and word.isalnum()}
    for answer in answers:
        promise(answer.status in STATUSES, f"status {answer.status}")
        promise(answer.headers.get(b"server", b"gateway") == b"gateway", "somebody else answers")
        if answer.status >= 400:
            promise(not any(w in answer.body for w in long_words), "what was sent is echoed")
    for admission in room.store.admissions:
        _belongs(admission)


@dataclass(frozen=True)
class Answer:
    """One response on the wire."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


def _healthz(answer: Answer) -> bool:
    if answer.status == 200:
        headed = answer.headers.get(b"content-length") == b"3" and not answer.body
        return answer.body == b"ok\n" or headed
    return answer.status == 405 and b"HEAD" in answer.headers.get(b"allow", b"") and not answer.body


def _taken_apart(data: bytes, *, maybe_head: bool) -> list[Answer]:
    found: list[Answer] = []
    while data:
        head, cut, rest = data.partition(b"\r\n\r\n")
        promise(cut, f"an answer that does not end: {data[:60]!r}")
        first, *lines = head.split(b"\r\n")
        parts = first.split(b" ", 2)
        promise(
            len(parts) > 1 and parts[0] in (b"HTTP/1.1", b"HTTP/1.0"), f"no answer: {first[:60]!r}"
        )
        status = int(parts[1])
        pairs = [line.partition(b": ") for line in lines]
        headers = {name.lower(): value for name, _, value in pairs}
        promise(len(headers) == len(pairs), f"a header twice: {head!r}")
        length = int(headers.get(b"content-length", b"0"))
        bodyless = maybe_head and (rest.startswith(b"HTTP/1.") or not rest)
        size = 0 if bodyless or status in (100, 204) else length
        promise(len(rest) >= size, "a body cut short")
        found.append(Answer(status, headers, rest[:size]))
        data = rest[size:]
    return found


def _belongs(admission) -> None:
    source = gate.plans()["x-forwarded-for"].sources[admission.source]
    if source.verifier is None or source.declaration.secret_at or not source.enforce:
        return
    for bound in source.verifier.bound:
        if bound.scheme.name in ("token", "basic"):
            return  # what proves it is not kept
        keys = [(key.label, key.value) for key in bound.keys]
        sent = reference.Sent(admission.headers, admission.body, gate.NOW)
        if reference.fitting(bound.scheme, keys, sent):
            return
    promise("packed" in source.name, "kept without a right signature")


TARGET = Target(
    name="listener",
    promise="any bytes get answers of ours and no other; nothing unproven is kept",
    run=run,
    cases=writes.cases(),
    more_seeds=writes.seeds,
    words=("\r\n\r\n", "\r\n", "\n~~\n", "HTTP/1.1", "POST /in/orders", "Content-Length: ", "Transfer-Encoding: chunked",
           "0\r\n\r\n", "{sig}", "{sig-x}", "Expect: 100-continue", "Connection: close", "X-Id: ", "{large}", "{crumbs}", "{9}", *writes.WORDS),
)  # fmt: skip
