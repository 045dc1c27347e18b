"""What of a source's requests is secret, worked out once. How it is hidden is `ingest.masking`'s."""

from dataclasses import dataclass, field
from typing import Final

from gateway.providers.declaration import Declaration, names
from gateway.verify.verifier import Verifier

ALWAYS: Final = frozenset({b"authorization", b"proxy-authorization", b"cookie"})
"""Headers that are secret with every sender."""
_CODING: Final = frozenset({b"content-encoding"})


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where a sender's secrets stand, beside the headers that are secret with every sender."""

    headers: frozenset[bytes]
    """Lower case."""
    pointers: tuple[str, ...]
    """Into the body (RFC 6901)."""
    form_field: str = ""
    """A form body carries its JSON in this field."""
    changed: frozenset[bytes] = field(init=False, repr=False)
    """The headers that are not kept as they came. A content coding is none: bodies are kept without."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "changed", self.headers | ALWAYS | _CODING)


def secrets_of(declaration: Declaration, verifier: Verifier | None) -> Secrets:
    """The scheme's headers and the declaration's places."""
    headers = frozenset(name.encode() for name in names(declaration.secret_at))
    in_body = [ref for ref in declaration.secret_at if ref.startswith("body.")]
    return Secrets(
        headers | (verifier.secret_headers if verifier else frozenset()),
        tuple(ref.removeprefix("body.") for ref in in_body),
        declaration.form_field,
    )
