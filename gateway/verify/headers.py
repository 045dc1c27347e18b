"""Reading one header that a proof depends on: there once, not empty, plain ASCII.

Doubled headers are never "any of": two programs between the sender and us may each believe
another one. What a value means is the scheme's business.
"""

from gateway.model.outcomes import Outcome
from gateway.model.request import Headers
from gateway.verify.base import Refusal


def single(headers: Headers, name: bytes) -> bytes | Refusal:
    """The value of a header (name in lower case), or why it cannot be part of a proof."""
    value = headers.one(name)
    if value and value.isascii():
        return value
    if value is not None:
        return bad(f"the header {name.decode()} is {'not ASCII' if value else 'empty'}")
    values = headers.all(name)
    if not values:
        return Refusal(Outcome.MISSING_SIGNATURE, f"the header {name.decode()} is absent")
    return bad(f"the header {name.decode()} was sent {len(values)} times")


def bad(reason: str) -> Refusal:
    """A refusal for a signature that is there and no good."""
    return Refusal(Outcome.BAD_SIGNATURE, reason)
