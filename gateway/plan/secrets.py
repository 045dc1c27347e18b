"""What of a source's requests is secret, worked out once. How it is hidden is `ingest.masking`'s."""

from dataclasses import dataclass

from gateway.providers.declaration import Declaration, names
from gateway.verify.verifier import Verifier


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where a sender's secrets stand, beside the headers that are secret with every sender."""

    headers: frozenset[bytes]
    """Lower case."""
    pointers: tuple[str, ...]
    """Into the body (RFC 6901)."""
    form_field: str = ""
    """A form body carries its JSON in this field."""


def secrets_of(declaration: Declaration, verifier: Verifier | None) -> Secrets:
    """The scheme's headers and the declaration's places."""
    headers = frozenset(name.encode() for name in names(declaration.secret_at))
    in_body = [ref for ref in declaration.secret_at if ref.startswith("body.")]
    return Secrets(
        headers | (verifier.secret_headers if verifier else frozenset()),
        tuple(ref.removeprefix("body.") for ref in in_body),
        declaration.form_field,
    )
