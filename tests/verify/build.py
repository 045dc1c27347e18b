"""Small builders for the tests of schemes."""

from collections.abc import Sequence

from gateway.model.request import Headers, Request
from gateway.verify.base import Context, Key, Proof, Refusal, Scheme

NOW = 1_790_000_000.0
SECRET = b"a-secret-of-more-than-sixteen-bytes"
BARE = Context()
BODY = b'{"amount": 12, "note": "gr\xc3\xbc\xc3\x9fe"}'


def request(*pairs: tuple[str, str | bytes], body: bytes = BODY, method: str = "POST") -> Request:
    raw = tuple(
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in pairs
    )
    return Request(method, "/in/source", b"", Headers(raw), body)


def judge(
    scheme: Scheme,
    sent: Request,
    *,
    keys: Sequence[bytes] = (SECRET,),
    now: float = NOW,
    context: Context = BARE,
) -> Proof | Refusal:
    return scheme.verify(
        sent, [Key(f"#{n}", value) for n, value in enumerate(keys, 1)], now, context
    )


def outcome(verdict: Proof | Refusal) -> str:
    return str(verdict.outcome) if isinstance(verdict, Refusal) else "proof"
