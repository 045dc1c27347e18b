"""Sending: what `gateway send` makes of a sample is let in, is new, and is the same thing again."""

from collections.abc import Iterable

from hypothesis import strategies as st

from gateway import providers
from gateway.model.request import Headers, Request
from gateway.providers import sampling
from gateway.providers.sign import CannotSign, sign
from gateway.verify.base import Context, Proof, Secret
from gateway.verify.verifier import Verifier, bind
from tests.fuzz import message
from tests.fuzz.target import Target, promise
from tests.fuzz.targets import events

SECRETS = (b"a-secret-of-more-than-sixteen-bytes", b"whsec_" + b"QUJD" * 10, b"x" * 16)


def run(data: bytes) -> None:
    """First line: a sender, the number of its secret, the time, 32 hexadecimal digits. The rest is
    the sample's own headers and body; an empty one is the sender's first sample."""
    sent = message.parse(data)
    words = [*sent.words, "", "", "", ""]
    name = words[0] if words[0] in events.names() else "github"
    declaration = events.declaration(name)
    now = (
        float(int(words[2]))
        if words[2].isascii() and words[2].isdecimal() and len(words[2]) < 11
        else events.NOW
    )
    ids = (
        words[3] if len(words[3]) == 32 and set(words[3]) <= set("0123456789abcdef") else "ab" * 16
    )
    sample = _sample(name, sent)
    if sample is None:
        return
    fresh = sampling.fresh(sample, declaration, now=now, ids=lambda: ids)
    other = sampling.fresh(sample, declaration, now=now, ids=lambda: "cd" * 16)
    secret = SECRETS[len(words[1]) % len(SECRETS)]
    verifier = bind(
        declaration.ways, [Secret("own", secret)], {}, Context("https://a.example/in/x")
    )
    if not isinstance(verifier, Verifier):
        return
    scheme = verifier.bound[0].scheme
    headers = [("Content-Type", fresh.content_type), *fresh.headers]
    try:
        added = sign(
            scheme, secret, method="POST", headers=headers, body=fresh.body, url="https://a.example/in/x",
            options={}, now=now,
        )  # fmt: skip
    except CannotSign as error:
        promise(secret.decode() not in str(error), "a message shows a secret")
        return
    raw = tuple(
        (n.encode("utf-8", "replace"), v.encode("utf-8", "replace")) for n, v in (*headers, *added)
    )
    request = Request("POST", "/in/x", b"", Headers(raw), fresh.body)
    verdict = verifier.verify(request, now)
    foreign = not all(v.isascii() for _, v in added)
    promise(isinstance(verdict, Proof) or foreign, f"our own signature is refused: {verdict}")
    _same_again(name, sample, fresh, other)


def _sample(name: str, sent: message.Message) -> sampling.Sample | None:
    shipped = sampling.load(name) if name in providers.names() else ()
    if not sent.body and not sent.pairs and shipped:
        return shipped[0]
    try:
        headers = tuple((n.decode(), v.decode()) for n, v in sent.pairs)
        sent.body.decode()
    except UnicodeDecodeError:
        return None  # a sample is text
    kind = next((v for n, v in headers if n.lower() == "content-type"), "application/json")
    rest = tuple((n, v) for n, v in headers if n.lower() != "content-type")
    return sampling.Sample("fuzz", rest, kind, sent.body)


def _same_again(
    name: str, old: sampling.Sample, fresh: sampling.Sample, other: sampling.Sample
) -> None:
    """Two of them are two events of one type."""
    one, two = (_first(name, each) for each in (fresh, other))
    was = _first(name, old)
    if was.flags or "batch" in name or "hashed" in name:
        return  # nothing is promised of bodies that cannot be read, nor of batches
    promise(one.dedup_key != two.dedup_key, f"two samples are one event: {one.dedup_key}")


def _first(name: str, sample: sampling.Sample):
    pairs = (("Content-Type", sample.content_type), *sample.headers)
    raw = tuple((n.encode(), v.encode()) for n, v in pairs)
    request = Request("POST", "/in/x", b"", Headers(raw), sample.body)
    read = events.extractor(name)
    return read.items(request, read.payload(request), events.NOW)[0]


def seeds() -> Iterable[tuple[str, bytes]]:
    """Every sample."""
    for name in providers.names():
        for sample in sampling.load(name):
            pairs = (("Content-Type", sample.content_type), *sample.headers)
            raw = tuple((n.encode(), v.encode()) for n, v in pairs)
            yield (
                f"{name}-{sample.name}",
                message.write(f"{name} x 1790000000 {'0f' * 16}", raw, sample.body),
            )


@st.composite
def _case(draw: st.DrawFn) -> bytes:
    name, data = draw(st.sampled_from(list(seeds())))
    sent = message.parse(data)
    head = " ".join(
        [
            draw(st.sampled_from([name.partition("-")[0], *events.names()])),
            draw(st.sampled_from(["x", "xx", "xxx"])),
            draw(st.sampled_from(["0", "1790000000", "9999999999", "253402300799"])),
            draw(st.sampled_from(["0f" * 16, "00" * 16, "ff" * 16])),
        ]
    )
    return message.write(head, sent.pairs, sent.body)


TARGET = Target(
    name="sending",
    promise="a sample that is signed by our own sender is let in, and twice is two events",
    run=run,
    cases=_case(),
    more_seeds=seeds,
    mutate=events.TARGET.mutate,
    words=events.TARGET.words,
)
