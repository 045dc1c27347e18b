"""What a sender writes to the listener: requests whole and broken, and ways to come and go."""

from collections.abc import Iterable

from hypothesis import strategies as st

from tests.ingest.wire import BODY, chunked, post

NEXT = b"\n~~\n"
"""Between two writes."""
REQUESTS = [
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
WORDS = ("eof", "gone", "reset", "hasty", "ending", "slow", "quiet", "plain", "peer", "forwarded", "crowd",
         "deaf", "company")  # fmt: skip
"""Of the first line."""
_ENDS = (b"gone", b"reset", b"eof", b"ending", b"quiet", b"slow", b"slow gone", b"slow eof",
         b"slow ending")  # fmt: skip
"""How a sender, or the process, comes to its end."""
_CUTS = [NEXT, NEXT + b"{9}" + NEXT, b"\r\n", b"\n", b"\r", b"\x00", b" ", b":", b""]


def seeds() -> Iterable[tuple[str, bytes]]:
    """One request each; two behind each other; one in two writes; with the sender gone, or late, or
    the process at its end."""
    for number, request in enumerate(REQUESTS):
        yield f"one-{number}", b"\n" + request
        yield f"two-{number}", b"eof\n" + request + request
        yield f"cut-{number}", b"\n" + request[:40] + NEXT + request[40:]
        yield f"gone-{number}", b"gone\n" + request
        yield f"after-{number}", b"\n" + REQUESTS[5] + NEXT + request[:30]
    yield "many", b"x6000\n" + REQUESTS[5]
    yield "many-signed", b"x100\n" + post(b"", signature="sha256={sig}")
    yield "tcp", b"tcp\n" + REQUESTS[0]
    yield "unix", b"unix\n" + REQUESTS[0]
    yield "deaf", b"deaf x2000\n" + REQUESTS[4]
    yield "deaf-signed", b"deaf\n" + REQUESTS[0]
    yield "idle-asked", b"idle asked\n" + REQUESTS[0]
    for times in (300, 600, 1000, 1400, 3000):
        yield f"deaf-{times}", b"deaf x%d\n" % times + REQUESTS[5]
    yield "full", b"full\n" + REQUESTS[0]
    yield "idle", b"idle\n" + REQUESTS[0]
    yield "past-all-numbers", b"\n" + post(b"x", "Content-Length: " + "9" * 23, length=None)
    yield "framing", b"\n" + chunked([b""])[0] + b"{framing}0\r\n\r\n"
    whole, amid = post(b"x", signature="sha256={sig-x}"), post(signature="sha256={sig}")[:-9]
    late = post(signature="sha256={sig}").replace(b"HTTP/1.1", b"HTTP/1.0")
    yield "old-and-late", b"\n" + late[:-9] + NEXT + late[-9:]
    asking = post(BODY, "Expect: 100-continue", signature="sha256={sig}")
    yield "go-ahead", b"\n" + asking.removesuffix(BODY) + NEXT + BODY
    yield "go-ahead-gone", b"gone hasty\n" + asking.removesuffix(BODY)
    yield "behind-a-body", b"\n" + post(b"a" * 40_000, path="/nowhere") + b"garbage\r\n\r\n"
    pieces = chunked([b"x", b"y"], signature="sha256={sig-x}")
    yield "broken-amid", b"\n" + b"".join(pieces[:2]) + NEXT + b"zz\r\n"
    yield "too-large", b"\n" + post(b"{large}", path="/nowhere", length=200_000)
    yield "too-large-signed", b"\n" + post(b"{large}", path="/in/packed", length=200_000)
    waited = post(signature="sha256={sig}")
    yield (
        "waits",
        b"\n" + NEXT.join([REQUESTS[5], b"{72}", amid, b"{4}", waited[-9:], b"{70}", REQUESTS[5]]),
    )
    head = chunked([b""], path="/in/packed", signature="sha256={sig-crumbs}")[0]
    crumbs = head + b"{crumbs}0\r\n\r\n"
    for words in (
        b"",
        b"hasty",
        b"slow",
        b"company",
        b"gone company",
        b"reset",
        b"eof",
        b"ending slow",
    ):
        yield f"crumbs-{words.decode()}", words + b"\n" + crumbs
        yield f"crumbs-behind-{words.decode()}", words + b"\n" + whole + crumbs
        yield (
            f"crumbs-late-{words.decode()}",
            words + b"\n" + whole + head + NEXT + b"{crumbs}0\r\n\r\n",
        )
        yield f"crumbs-cut-{words.decode()}", words + b"\n" + whole + head + b"{crumbs}"
        yield (
            f"chunk-{words.decode()}",
            words + b"\n" + whole + head + b"30d40\r\n{large}\r\n0\r\n\r\n",
        )
    for words in (end + how for end in _ENDS for how in (b"", b" hasty")):
        name = words.decode().replace(" ", "-")
        yield f"{name}-amid", words + b"\n" + amid
        yield f"{name}-once", words + b"\n" + whole
        yield f"{name}-twice", words + b"\n" + whole * 2
        yield f"{name}-late", words + b"\n" + amid + NEXT + waited[-9:]
        yield f"{name}-many", words + b" x40\n" + whole
    yield "drip", b"\n" + NEXT.join(chunked([b"a", b"b", b"c"], signature="sha256=x"))
    yield "large", b"\n" + post(b"x" * 5000, path="/nowhere") + NEXT + b"x" * 5000
    yield (
        "unread",
        b"\n" + post(b"x" * 10, path="/nowhere", length=9000) + NEXT + b"x" * 100 + NEXT + b"y",
    )


@st.composite
def cases(draw: st.DrawFn) -> bytes:
    words = draw(st.lists(st.sampled_from(WORDS), max_size=3))
    out = b""
    for whole in draw(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3)):
        request = whole
        for _ in range(draw(st.integers(0, 2))):
            at = draw(st.integers(0, len(request)))
            left_out = draw(st.sampled_from([0, 0, 1, 2, 20]))
            request = request[:at] + draw(st.sampled_from(_CUTS)) + request[at + left_out :]
        out += request
    return " ".join(words).encode() + b"\n" + out
