"""A secret sent in clear. It proves that the sender knows it, and nothing about the body."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.request import Request
from gateway.verify import keys as key_bytes
from gateway.verify.base import BadKey, BadScheme, Context, Key, Proof, Refusal, Secret
from gateway.verify.headers import bad, single


@dataclass(frozen=True, slots=True)
class Token:
    """A token in a header."""

    name: ClassVar[str] = "token"

    header: str
    prefix: str = ""
    """Must stand before the token (`Bearer `), compared without regard to case."""

    def __post_init__(self) -> None:
        if not self.header:
            raise BadScheme("`header` is empty: where does the token stand?")

    def present(self, request: Request) -> bool:
        """Whether the header is there, be it good or bad."""
        return bool(request.headers.all(self.header.lower().encode()))

    def key(self, secret: Secret) -> Key:
        """The secret as it is. Raises `BadKey` if it is short or no header could carry it."""
        key = key_bytes.decode(secret, "text")
        if not (key.value.isascii() and key.value.decode("ascii").isprintable()):
            raise BadKey("holds characters that a header cannot carry")
        if key.value != key.value.strip():
            raise BadKey("begins or ends with a blank, which a header loses")
        return key

    def verify(
        self, request: Request, keys: Sequence[Key], now: float, context: Context
    ) -> Proof | Refusal:
        """Which token was sent."""
        sent = single(request.headers, self.header.lower().encode())
        if isinstance(sent, Refusal):
            return sent
        size = len(self.prefix)
        if sent[:size].lower() != self.prefix.lower().encode():
            return bad("the token does not begin as it should")
        token = sent[size:]
        if not token:
            return bad("the token is empty")
        found: Key | None = None
        for key in keys:
            if hmac.compare_digest(key.value, token) and found is None:
                found = key
        return bad("the token is none of ours") if found is None else Proof(self.name, found.label)

    def covers(self, ref: str) -> bool:
        """Nothing: a token says nothing about the request it comes with."""
        return False

    def secret_headers(self) -> tuple[str, ...]:
        """The header itself."""
        return (self.header.lower(),)

    def needs(self) -> tuple[str, ...]:
        """Nothing."""
        return ()
