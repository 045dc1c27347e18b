"""Handshakes: a sender's check of this address, answered at once and not stored.

Which request is one, and what it gets, is the declaration's; nothing here knows a sender.
"""

from collections.abc import Sequence

from gateway.errors import RequestRefused
from gateway.ingest import refs, replies
from gateway.ingest.parts import Answer
from gateway.ingest.refs import Parsed
from gateway.model.outcomes import Outcome
from gateway.model.request import Request
from gateway.providers.declaration import Handshake, Ref

LONGEST_ECHO = 512
"""Bytes: challenges are short, and an echo is an unproven stranger's text on our domain."""


def answer(
    handshakes: Sequence[Handshake], request: Request, body: Parsed, *, proven: bool
) -> Answer | None:
    """The answer to a handshake, None if the request is none.

    Raises `RequestRefused` (malformed) if what should be echoed cannot be.
    """
    for handshake in handshakes:
        if handshake.method != request.method or (handshake.signed and not proven):
            continue
        if all(_holds(ref, wanted, request, body) for ref, wanted in handshake.when):
            if not handshake.echo:
                return replies.declared(handshake.reply)
            return replies.declared(
                handshake.reply, _echo(refs.read(handshake.echo, request, body))
            )
    return None


def _holds(ref: Ref, wanted: str, request: Request, body: Parsed) -> bool:
    value = refs.read(ref, request, body)
    return value == wanted if wanted else value is not None


def _echo(value: str | None) -> bytes:
    if value is None or not value.isascii() or not value.isprintable() or len(value) > LONGEST_ECHO:
        raise RequestRefused(
            Outcome.MALFORMED, "the challenge is absent, too long or not printable"
        )
    return value.encode()
