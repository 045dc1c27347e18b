"""Requests for the judge: every kind of source, header and body that one of its rules asks about."""

from collections.abc import Iterable

from hypothesis import strategies as st

from gateway.providers import names as provider_names
from gateway.providers import sampling
from tests.fuzz import gate, message, shapes


def seeds() -> Iterable[tuple[str, bytes]]:
    """Every sender's samples, signed where the mark stands."""
    heads = {
        "github": (b"X-Hub-Signature-256", b"sha256={sig}"),
        "gitlab": (b"X-Gitlab-Token", gate.SECRETS[0]),
        "stripe": (b"Stripe-Signature", b"t=1790000000,v1={sig}"),
        "circleci": (b"circleci-signature", b"v1={sig}"),
    }
    for name in provider_names():
        for sample in sampling.load(name)[:6]:
            given = [("Content-Type", sample.content_type), *sample.headers]
            pairs = (*((k.encode(), v.encode()) for k, v in given), heads[name])
            for kind, words in (
                ("", "twice"),
                ("-plain", "plain twice quiet"),
                ("-shared", "shared"),
            ):
                first = f"POST /in/{name} {words}"
                yield f"{name}-{sample.name}{kind}", message.write(first, pairs, sample.body)


PATHS = [*(f"/in/{name}" for name in ("orders", "packed", "shadow", "stamped", "none", "closed", "broken",
          "token", "basic", "standard", "plain-form", "hands", "batch", "tenant", "tenant-shadow", "limited", "strange",
          "github", "gitlab", "stripe", "circleci")), "/in/nobody", "/in/orders/", "/IN/orders", "/",
          "/in/hands?challenge=abc&mode=subscribe", "/in/hands?challenge=a&challenge=b&mode=subscribe",
          "/in/hands?mode=subscribe&challenge=%00", "/in/orders?x"]  # fmt: skip
WORDS = ["forwarded", "peer", "-", "10.1.1.1", "198.51.100.7", "2001:db8::1", "pieces", "slow", "broken",
          "cancel", "packed", "sealed", "stored", "x9", "dead", "down", "bug", "paused", "all", "twice", "crowd",
    "both",
    "queue", "plain", "shared", "quiet"]  # fmt: skip
PAIRS = [
    (b"X-Signature", b"sha256={sig}"), (b"X-Signature", b"sha256={old}"), (b"X-Signature", b"{sig}"),
    (b"X-Signature", b""), (b"X-Time", b"1790000000"), (b"X-Time", b"1"), (b"X-Id", b"id-1"),
    (b"x-id", b"id-2"), (b"X-Id", b"\xe9"), (b"X-Token", gate.SECRETS[0]), (b"X-Token", b"no"),
    (b"Authorization", b"Basic aG9vazphLXBhc3N3b3JkLW9mLXNvbWUtbGVuZ3Ro"), (b"Content-Encoding", b"gzip"),
    (b"Content-Encoding", b"br"), (b"Content-Encoding", b"identity"), (b"Content-Length", b"5000"),
    (b"Content-Length", b"9" * 5000), (b"Content-Type", b"application/x-www-form-urlencoded"),
    (b"Content-Type", b"application/json"), (b"X-Forwarded-For", b"203.0.113.9"),
    (b"X-Forwarded-For", b"junk"), (b"Forwarded", b"for=203.0.113.9"), (b"webhook-id", b"msg_1"),
    (b"webhook-timestamp", b"1790000000"), (b"webhook-signature", b"v1,{sig}"), (b"X-Pass", b"secret-pass"),
    (b"X-Validation", b"1"), (b"X-App", b"1"), (b"X-Odd", b"y"), (b"Cookie", b"a=b"), (b"X-Hub-Signature-256", b"sha256={sig}"),
    (b"X-GitHub-Event", b"push"), (b"X-GitHub-Delivery", b"d1"), (b"Stripe-Signature", b"t=1790000000,v1={sig}"),
    (b"circleci-signature", b"v1={sig}"), (b"X-Gitlab-Token", gate.SECRETS[1]), (b"X-Gitlab-Event", b"Push Hook"),
]  # fmt: skip
HIDING = st.sampled_from(
    [{"passcode": gate.HIDDEN}, {"passcode": 'a/b"c/d\\e-longer', "deep": {"pass/code": gate.HIDDEN}},
     {"passcode": 12345678}, {"passcode": None}, {"passcode": ["x"]}, {"passcode": gate.HIDDEN, "x": gate.HIDDEN},
     {"passcode": "short"}, {"passcode": "é" * 10}]
)  # fmt: skip
KEYS = st.sampled_from(
    ["type", "id", "events", "app", "challenge", "passcode", "deep", "pass/code", "a", "b", "ref"]
)
BODIES = st.one_of(
    shapes.values(KEYS).map(shapes.dump),
    HIDING.map(shapes.dump),
    st.lists(shapes.values(KEYS, leaves=3), max_size=60).map(lambda e: shapes.dump({"events": e})),
    st.sampled_from([b"", b"x" * 5000, b"\x1f\x8b", b'{"type":"url_verification","challenge":"abc"}',
                     b'{"app":"app-1"}', b'{"a":1,"a":2}', b'{"a":{"b":1}}', b"\xff", b"a=1&a=2",
                     b"payload=%7B%22passcode%22%3A%22passcode-in-the-body-of-a-request%22%7D",
                     b"0" * 4096]),
)  # fmt: skip

CASES = message.messages(
    st.builds(
        lambda method, path, words: " ".join([method, path, *words]),
        st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT", ""]),
        st.sampled_from(PATHS),
        st.lists(st.sampled_from(WORDS), max_size=3),
    ),
    st.sampled_from(PAIRS),
    BODIES,
)
