"""What every scheme shares: keys, proofs, refusals, and the context a signature may cover.

Results are values, never exceptions: a refusal is an ordinary answer here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol, Self

from gateway.model.outcomes import Outcome
from gateway.model.record import record
from gateway.model.request import Request

Encoding = Literal["hex", "base64", "base64url"]
KeyEncoding = Literal["text", "hex", "base64", "whsec"]
"""How a configured secret becomes key bytes. `whsec`: base64 after an optional `whsec_`."""
TimeUnit = Literal["s", "ms", "rfc3339"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A configured secret as written (trailing newline cut). Its value never leaves this process."""

    label: str
    """What we call it in proofs, logs and pages: the variable's or file's name, else `#1`."""
    value: bytes

    def __repr__(self) -> str:
        return f"Secret({self.label!r})"


class Hash(Protocol):
    """A hash that can be fed more, as hashlib makes one."""

    def update(self, data: bytes, /) -> None: ...
    def copy(self) -> Self: ...
    def digest(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Key:
    """A secret decoded for one scheme."""

    label: str
    value: bytes
    _begun: dict[str, tuple[Hash, Hash]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def mac(self, algorithm: str, signed: bytes) -> bytes:
        """The HMAC (RFC 2104) of what is signed.

        The key is worked into its two hashes once. `hmac.digest` does it each time, and has OpenSSL
        look the algorithm up: 3 µs more a request.
        """
        begun = self._begun.get(algorithm)
        if begun is None:
            begun = self._begun[algorithm] = _begin(self.value, algorithm)
        inner, outer = begun[0].copy(), begun[1].copy()
        inner.update(signed)
        outer.update(inner.digest())
        return outer.digest()

    def __repr__(self) -> str:
        return f"Key({self.label!r})"


_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def _begin(key: bytes, algorithm: str) -> tuple[Hash, Hash]:
    block = hashlib.new(algorithm).block_size
    if len(key) > block:
        key = hashlib.new(algorithm, key).digest()
    key = key.ljust(block, b"\0")
    inner, outer = key.translate(_INNER), key.translate(_OUTER)
    return hashlib.new(algorithm, inner), hashlib.new(algorithm, outer)


@record
class Proof:
    """A request that is proven."""

    scheme: str
    label: str
    """Of the key that fitted."""
    signed_at: float | None = None
    """Unix seconds, where the scheme signs a time."""
    body_mac: bytes = field(default=b"", repr=False, compare=False)
    """The keyed hash that fitted, where it is one of the body and of nothing else: it can stand for
    the body. Empty: there is none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is not proven."""

    outcome: Outcome
    """bad_signature, missing_signature, stale, wrong_tenant or malformed."""
    reason: str
    """For the operator: which rule failed. Holds no secret and no text of the sender's."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a signature may cover beside the request: all of it configuration, none of it sent."""

    url: str = ""
    """The public URL the sender calls, as configured."""
    options: Mapping[str, str] | None = None


class BadKey(ValueError):
    """A secret that a scheme cannot use; its text says why without showing the secret."""


class BadScheme(ValueError):
    """A scheme's parameters that make no sense together; its text says which and why."""


class Scheme(Protocol):
    """A way to prove origin, as a declaration holds it."""

    name: ClassVar[str]
    """One of the design's closed list: hmac, token, basic, standard-webhooks …"""

    def present(self, request: Request) -> bool:
        """Whether the request carries what this scheme reads, be it good or bad."""
        ...

    def key(self, secret: Secret) -> Key:
        """Decodes a secret. Raises `BadKey` if it is unreadable, empty or under 16 bytes."""
        ...

    def verify(
        self, request: Request, keys: Sequence[Key], now: float, context: Context
    ) -> Proof | Refusal:
        """Which key fits, or why none does."""
        ...

    def covers(self, ref: str) -> bool:
        """Whether what `ref` names (`body…`, `header.X-Id`) is under the signature."""
        ...

    def secret_headers(self) -> tuple[str, ...]:
        """Headers that carry the secret itself and so are never stored, in lower case."""
        ...

    def needs(self) -> tuple[str, ...]:
        """What it must be told by the configuration: `url`, `option.name`."""
        ...
