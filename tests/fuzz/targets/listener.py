"""The public listener: any bytes on a connection get answers of ours, or a closed connection."""

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.fuzz import gate, reference
from tests.fuzz.talking import talk
from tests.fuzz.target import Target, promise
from tests.ingest.wire import BODY, chunked, post

NEXT = b"\n~~\n"
"""Between two writes."""
STATUSES = {100, 200, 202, 204, 400, 401, 403, 404, 405, 408, 413, 415, 429, 503}


def run(data: bytes) -> None:
    """First line: words: `eof` (the sender half-closes), `gone` (it closes at once), `peer` or
    `forwarded`, `crowd`, `full` (there is room for one connection, and another one is at work),
    `idle` (it does nothing; `asked`: any more), `deaf` (another one writes the same and reads nothing), `x9` (all of it so many times), `tcp` or `unix` (a real socket). Then what
    is written; `{pad}` is 33 KB of headers, `{framing}` a megabyte of chunks. `{sig}` is the signature of what follows the first
    empty line, `{sig-x}` that of the body `x`."""
    head, _, raw = data.partition(b"\n")
    words = head.decode("latin-1").split()
    body = raw.partition(b"\r\n\r\n")[2].replace(NEXT, b"")
    for mark, text in ((b"{sig}", body), (b"{sig-x}", b"x")):
        raw = raw.replace(
            mark, hmac.new(gate.SECRETS[0], text, hashlib.sha256).hexdigest().encode()
        )
    for word in words:
        if re.fullmatch(r"x[0-9]{1,4}", word):
            raw = raw[:4096] * int(word[1:])
    raw = raw.replace(b"{pad}", (b"X-Pad: " + b"a" * 7000 + b"\r\n") * 5, 1)
    raw = raw.replace(b"{framing}", (b"1;" + b"a" * 400 + b"\r\nx\r\n") * 4000, 1)
    room = gate.Room(next((w for w in words if w in gate.plans()), "x-forwarded-for"))
    room.in_flight = 200 if "crowd" in words else 100_000
    judge = room.judge()
    said = talk(judge, raw.split(NEXT), words)
    answered, cut_off = gate.loop().run_until_complete(said)
    promise(judge._in_flight.used == 0, "bytes in flight that nobody gives back")
    answers = _taken_apart(answered, maybe_head=b"HEAD" in raw.replace(NEXT, b""))
    promise(b"Traceback" not in answered, "a traceback is sent")
    if not {"gone", "full", "idle", "deaf"} & set(words):
        counted = [a for a in answers if a.status != 100 and not _healthz(a)]
        faults = room.faults(len(room.ears.counts))
        promise(not faults, f"{faults[:3]}")
        # Who half-closes, or writes on after the end, may miss an answer: it was given all the same.
        lost = len(room.ears.counts) - len(counted)
        missed = "eof" in words or cut_off
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


# ---------------------------------------------------------------- inputs

_REQUESTS = [
    post(signature="sha256={sig}"), post(b"", signature="sha256={sig}"), post(signature=None),
    post(path="/in/none"), post(path="/nowhere"), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"PUT /healthz HTTP/1.0\r\n\r\n",
    b"GET / HTTP/0.9\r\n\r\n", b"POST /in/orders HTTP/2.0\r\nContent-Length: 0\r\n\r\n", b"\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET http://x/in/orders HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00",
    post(b"x" * 5000), post(length=None), post(length=10), b"POST /in/orders HTTP/1.1\r\nHost: x",
    post(BODY, "Expect: 100-continue", signature="sha256={sig}"), post(BODY, "Expect: 100-continue", path="/no"),
    post(BODY, "Content-Length: 3"), post(BODY, "Transfer-Encoding: chunked"), post(BODY, "Transfer-Encoding: gzip"),
    post(BODY, "X\x00Y: 1"), post(BODY, "X: a\x01b"), post(BODY, " folded: x"), post(BODY, "Connection: close"),
    post(BODY, path="/in/strange", signature="sha256={sig}"), post(BODY, "{pad}", signature="sha256={sig}"),
    post(BODY, "X-Forwarded-For: 203.0.113.9", path="/in/none"), post(BODY, "X-Id: second"),
    b"".join(chunked([b"x"], signature="sha256={sig-x}")), b"".join(chunked([b"x"], "Trailer: X-Id", signature="sha256={sig-x}")),
    b"".join(chunked([b"x"], signature="sha256={sig-x}")).replace(b"1\r\nx", b"zz\r\nx"),
    b"POST /in/orders HTTP/1.1\r\n" + b"X: y\r\n" * 300 + b"\r\n", b"A" * 9000, b"POST /in/orders HTTP/1.1\r\nX: " + b"y" * 9000,
    b"GET /in/hands?mode=subscribe&challenge=abc HTTP/1.1\r\nHost: x\r\n\r\n", post(BODY, "Upgrade: websocket", "Connection: Upgrade"),
]  # fmt: skip
_CUTS = [NEXT, b"\r\n", b"\n", b"\r", b"\x00", b" ", b":", b""]


def seeds() -> Iterable[tuple[str, bytes]]:
    """One request each; two behind each other; one in two writes; with the sender gone."""
    for number, request in enumerate(_REQUESTS):
        yield f"one-{number}", b"\n" + request
        yield f"two-{number}", b"eof\n" + request + request
        yield f"cut-{number}", b"\n" + request[:40] + NEXT + request[40:]
        yield f"gone-{number}", b"gone\n" + request
        yield f"after-{number}", b"\n" + _REQUESTS[5] + NEXT + request[:30]
    yield "many", b"x6000\n" + _REQUESTS[5]
    yield "many-signed", b"x100\n" + post(b"", signature="sha256={sig}")
    yield "tcp", b"tcp\n" + _REQUESTS[0]
    yield "unix", b"unix\n" + _REQUESTS[0]
    yield "deaf", b"deaf x2000\n" + _REQUESTS[4]
    yield "deaf-signed", b"deaf\n" + _REQUESTS[0]
    yield "idle-asked", b"idle asked\n" + _REQUESTS[0]
    for times in (300, 600, 1000, 1400, 3000):
        yield f"deaf-{times}", b"deaf x%d\n" % times + _REQUESTS[5]
    yield "full", b"full\n" + _REQUESTS[0]
    yield "idle", b"idle\n" + _REQUESTS[0]
    yield "past-all-numbers", b"\n" + post(b"x", "Content-Length: " + "9" * 23, length=None)
    yield "framing", b"\n" + chunked([b""])[0] + b"{framing}0\r\n\r\n"
    yield "drip", b"\n" + NEXT.join(chunked([b"a", b"b", b"c"], signature="sha256=x"))
    yield "large", b"\n" + post(b"x" * 5000, path="/nowhere") + NEXT + b"x" * 5000
    yield (
        "unread",
        b"\n" + post(b"x" * 10, path="/nowhere", length=9000) + NEXT + b"x" * 100 + NEXT + b"y",
    )


@st.composite
def _case(draw: st.DrawFn) -> bytes:
    words = draw(
        st.lists(st.sampled_from(["eof", "gone", "peer", "forwarded", "crowd", "deaf"]), max_size=2)
    )
    out = b""
    for whole in draw(st.lists(st.sampled_from(_REQUESTS), min_size=1, max_size=3)):
        request = whole
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(request)))
            left_out = draw(st.sampled_from([0, 0, 1, 2, 20]))
            request = request[:at] + draw(st.sampled_from(_CUTS)) + request[at + left_out :]
        out += request
    return " ".join(words).encode() + b"\n" + out


TARGET = Target(
    name="listener",
    promise="any bytes get answers of ours and no other; nothing unproven is kept",
    run=run,
    cases=_case(),
    more_seeds=seeds,
    words=("\r\n\r\n", "\r\n", "\n~~\n", "HTTP/1.1", "POST /in/orders", "Content-Length: ", "Transfer-Encoding: chunked",
           "0\r\n\r\n", "{sig}", "{sig-x}", "Expect: 100-continue", "Connection: close", "eof", "gone", "X-Id: "),
)  # fmt: skip
