"""Two small promises of ingest: rates hold in bounded memory, and an answer is one answer."""

import struct

from hypothesis import strategies as st

from gateway.ingest.parts import Answer
from gateway.ingest.rates import Buckets
from gateway.ingest.response import encode
from gateway.model.request import Headers
from gateway.providers import markers
from gateway.providers.declaration import Declaration, Rule
from gateway.providers.normalize import Normalizer
from gateway.providers.places import Seen
from tests.fuzz import message, shapes
from tests.fuzz.target import Target, promise
from tests.fuzz.targets.expressions import take_apart

KEYS = 3


def run_rates(data: bytes) -> None:
    """First byte: the rate. Then three bytes a request: the key, and milliseconds since the last."""
    rate = max(data[0], 1) / 10 if data else 1.0
    buckets = Buckets(keys=KEYS)
    now, begun = 1000.0, {}
    given: dict[int, int] = {}
    for at in range(1, min(len(data), 600) - 2, 3):
        key, passed = struct.unpack(">BH", data[at : at + 3])
        now += passed / 1000
        wait = buckets.take(key, rate, now)
        promise(len(buckets) <= KEYS, "more keys than there is room for")
        promise(0 <= wait <= 1 / rate + 1e-6, f"waits {wait} s for one token")
        if key < KEYS:  # with no more keys than there is room for, none is forgotten
            begun.setdefault(key, now)
            given[key] = given.get(key, 0) + (wait == 0)
        if max(data[1::3], default=0) < KEYS:
            most = max(rate, 1.0) + (now - begun[key]) * rate
            promise(given[key] <= most + 1e-6, f"{given[key]} of {most} in {now - begun[key]} s")


RATES = Target(
    name="rates",
    promise="no key gets more than its rate, and forgotten keys bound the memory",
    run=run_rates,
    cases=st.builds(
        lambda rate, steps: bytes([rate]) + b"".join(struct.pack(">BH", *s) for s in steps),
        st.integers(0, 255),
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3000)), max_size=40),
    ),
)


def run_answers(data: bytes) -> None:
    """First line: a status and words: `head`, `close`. Then its headers and its body."""
    sent = message.parse(data)
    words = [*sent.words, ""]
    status = int(words[0]) if words[0] in ("200", "204", "304", "400", "429", "503", "599") else 200
    pairs = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in sent.pairs)
    head_only = "head" in words
    try:
        found = encode(
            Answer(status, pairs, sent.body), connection="close" if "close" in words else "",
            head_only=head_only,
        )  # fmt: skip
    except ValueError:
        promise(not all(f"{n}: {v}".isprintable() for n, v in pairs), "refused without a reason")
        return
    head, cut, body = found.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    promise(cut and lines[0].startswith(f"HTTP/1.1 {status} ".encode()), "no status line")
    own = 2 + ("close" in words) + (status not in (204, 304))  # Server, Date, Connection, length
    promise(len(lines) == 1 + len(pairs) + own, "a header that became two, or none")
    promise(b"\n" not in b"".join(lines) and b"\r" not in b"".join(lines), "a line within a line")
    promise(body == (b"" if head_only or status in (204, 304) else sent.body), "another body")


ANSWERS = Target(
    name="answers",
    promise="an answer is one answer: nothing in a header begins another line",
    run=run_answers,
    cases=message.messages(
        st.sampled_from(["200", "204 close", "304", "400 head", "429", "599 close head"]),
        st.tuples(st.sampled_from([b"A", b"X-\xe9", b"\x00"]), st.binary(max_size=10)),
        st.binary(max_size=20),
    ),
    words=("\r\n", "\r", "\x85", "head", "close", "Content-Length: 0"),
)


# ---------------------------------------------------------------- tests of rules


def run_markers(data: bytes) -> None:
    """A test as YAML writes it, as JSON; behind a line `---` what it is asked of."""
    text, payload = take_apart(data)
    _, wanted = take_apart(b"\n---\n" + text.encode("utf-8", "replace"))
    try:
        test = markers.read(wanted)
    except ValueError as error:
        promise("a test is" in str(error), "an error that does not say what is taken")
        return
    declaration = Declaration(
        name="x", title="", docs="", ways=(), id=(), event=(),
        rules=(Rule("meta.ping", (), {"/a": test}), Rule("meta.hook", (), {"/a": markers.Not(test)})),
    )  # fmt: skip
    for item in (payload, {"a": payload}, {"a": wanted, "b": wanted}):
        seen = Seen(item, item, Headers(()))
        found = Normalizer(declaration).normalize("", seen)
        promise(found.type in ("meta.ping", "meta.hook"), "neither a test nor its opposite holds")


_TESTS = st.recursive(
    shapes.scalars
    | st.lists(shapes.scalars, max_size=3)
    | st.sampled_from([{"present": True}, {"present": False}, {"zeros": True}, {"zeros": False},
                       {"prefix": "refs/"}, {"prefix": ""}, {"same": "/b"}, {"same": ""}, {"x": 1},
                       {"present": 1}, {"present": True, "zeros": True}, {}]),
    lambda inner: st.builds(lambda one: {"not": one}, inner),
    max_leaves=3,
)  # fmt: skip
MARKERS = Target(
    name="markers",
    promise="of a test of a rule and its opposite exactly one holds; what is no test is an error",
    run=run_markers,
    cases=st.builds(
        lambda test, value: shapes.dump(test) + b"\n---\n" + shapes.dump(value),
        _TESTS,
        shapes.values(st.sampled_from(["a", "b"]), leaves=4),
    ),
    words=(
        '{"not":',
        '{"present":true}',
        '{"zeros":false}',
        '{"prefix":"',
        '{"same":"/b"}',
        '["a",1]',
    ),
)
