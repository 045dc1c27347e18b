"""How a request can end: the closed list, as one table.

Every request that reaches the public listener ends in exactly one of these. The table is what the
reply, the metrics, the refused log, the dashboard and the documentation read.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Outcome(StrEnum):
    """The end of one request."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    UNROUTED = "unrouted"
    HANDSHAKE = "handshake"
    BAD_SIGNATURE = "bad_signature"
    MISSING_SIGNATURE = "missing_signature"
    STALE = "stale"
    WRONG_TENANT = "wrong_tenant"
    IP_DENIED = "ip_denied"
    UNKNOWN_SOURCE = "unknown_source"
    BAD_METHOD = "bad_method"
    TIMEOUT = "timeout"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    STORE_UNAVAILABLE = "store_unavailable"
    MISCONFIGURED = "misconfigured"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What an outcome means to the sender and to the operator."""

    status: int
    """HTTP status, unless the provider's declaration says another."""
    let_in: bool
    """Whether the request was accepted (and so is kept as a receipt or counted on one)."""
    retry_after: int | None
    """Seconds for `Retry-After`; None sends no such header."""
    title: str
    """What the sender reads. Refused signatures share one text: the reason is the operator's."""
    meaning: str
    """What the operator reads."""


_REFUSED = "The request could not be verified."

OUTCOMES: MappingProxyType[Outcome, OutcomeRow] = MappingProxyType(
    {
        Outcome.ACCEPTED: OutcomeRow(202, True, None, "Accepted.", "stored, with deliveries"),
        Outcome.DUPLICATE: OutcomeRow(
            200, True, None, "Already accepted.", "the same event was accepted before"
        ),
        Outcome.UNROUTED: OutcomeRow(202, True, None, "Accepted.", "stored, no route wants it"),
        Outcome.HANDSHAKE: OutcomeRow(
            200, True, None, "OK.", "a sender's check of this address was answered"
        ),
        Outcome.BAD_SIGNATURE: OutcomeRow(
            401, False, None, _REFUSED, "the signature does not fit any live secret"
        ),
        Outcome.MISSING_SIGNATURE: OutcomeRow(
            401, False, None, _REFUSED, "no signature header was sent"
        ),
        Outcome.STALE: OutcomeRow(
            401, False, None, _REFUSED, "rightly signed, but outside the time window"
        ),
        Outcome.WRONG_TENANT: OutcomeRow(
            401, False, None, _REFUSED, "rightly signed, for another customer of the sender"
        ),
        Outcome.IP_DENIED: OutcomeRow(
            403, False, None, "This address may not send here.", "address not in the allowlist"
        ),
        Outcome.UNKNOWN_SOURCE: OutcomeRow(
            404, False, None, "There is nothing here.", "no source has this path"
        ),
        Outcome.BAD_METHOD: OutcomeRow(
            405, False, None, "This method is not served here.", "a method the source does not take"
        ),
        Outcome.TIMEOUT: OutcomeRow(
            408, False, None, "The request took too long.", "the body came too slowly"
        ),
        Outcome.MALFORMED: OutcomeRow(
            400,
            False,
            None,
            "The request could not be read.",
            "not readable where the proof needs it",
        ),
        Outcome.TOO_LARGE: OutcomeRow(
            413, False, None, "The request is too large.", "body over the source's limit"
        ),
        Outcome.BAD_ENCODING: OutcomeRow(
            415,
            False,
            None,
            "This content encoding is not taken.",
            "compressed, and not allowed to be",
        ),
        Outcome.RATE_LIMITED: OutcomeRow(
            429, False, 1, "Too many requests.", "over the source's or the address's rate"
        ),
        Outcome.OVERLOADED: OutcomeRow(
            503, False, 5, "Busy, try again.", "too much in flight at this moment"
        ),
        Outcome.STORE_UNAVAILABLE: OutcomeRow(
            503, False, 30, "Unavailable, try again.", "the store could not commit"
        ),
        Outcome.MISCONFIGURED: OutcomeRow(
            503, False, 300, "Unavailable, try again.", "the source has no usable secret or key"
        ),
        Outcome.CLOSED: OutcomeRow(
            503, False, 300, "Unavailable, try again.", "the source is closed by its configuration"
        ),
    }
)
