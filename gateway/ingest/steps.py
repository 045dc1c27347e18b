"""Steps of the order that ask only the plan and the request. `judge` has the order itself.

A check lets the request pass or raises `RequestRefused`.
"""

import hashlib

from gateway.errors import RequestRefused
from gateway.ingest import refs
from gateway.ingest.case import ON_UNIX, Case
from gateway.ingest.refs import Parsed
from gateway.model.address import IPAddress
from gateway.model.outcomes import Outcome
from gateway.model.request import Request
from gateway.plan.plan import Plan, Source
from gateway.verify.addresses import Unreadable
from gateway.verify.base import Proof, Refusal


def address(plan: Plan, case: Case) -> IPAddress | Unreadable | None:
    """Who sends, found first so that whatever comes names it; it is judged when its turn comes."""
    parts = case.parts
    sender = plan.server.senders.find(parts.peer, parts.headers)
    case.client = sender.text or parts.peer or ON_UNIX
    return sender.address


def find(plan: Plan, path: str) -> Source:
    """By the path's own bytes: encoded, doubled or dotted spellings of it are other paths."""
    try:
        return plan.by_path[path]
    except KeyError:
        raise RequestRefused(Outcome.UNKNOWN_SOURCE, "no source has this path") from None


def methods(source: Source) -> tuple[str, ...]:
    """What the source takes, handshakes too."""
    declaration = source.declaration
    return tuple(
        dict.fromkeys((*declaration.methods, *(one.method for one in declaration.handshakes)))
    )


def check_method(source: Source, method: str) -> None:
    """Of events and handshakes alike."""
    if method not in source.declaration.methods and method not in methods(source):
        raise RequestRefused(Outcome.BAD_METHOD, "the source does not take this method")


def shut(source: Source) -> RequestRefused:
    """Why a source takes nothing: it cannot be trusted, or is closed by hand."""
    if source.problem:
        return RequestRefused(Outcome.MISCONFIGURED, source.problem)
    return RequestRefused(Outcome.CLOSED, "the source is closed by its configuration")


def prove(
    source: Source, case: Case, wire: bytes, plain: bytes
) -> tuple[Request, Proof | Refusal | None]:
    """The request as it is judged from here on, and what its proof is worth.

    Some senders sign the bytes they pack, others the packed bytes: both are proofs.
    """
    parts = case.parts
    request = Request(parts.method, case.path, case.query, parts.headers, plain)
    ambiguous = _ambiguous_id(source, request)
    if ambiguous is not None:
        return request, ambiguous
    if source.verifier is None:
        return request, None
    verdict = source.verifier.verify(request, case.received_at)
    bad = isinstance(verdict, Refusal) and verdict.outcome is Outcome.BAD_SIGNATURE
    if bad and wire is not plain:
        packed = Request(parts.method, case.path, case.query, parts.headers, wire)
        verdict = source.verifier.verify(packed, case.received_at)
    return request, verdict


def hash_of(content: bytes) -> str:
    """What the refused log says of a body."""
    return hashlib.sha256(content).hexdigest() if content else ""


def _ambiguous_id(source: Source, request: Request) -> Refusal | None:
    """Of two ids, or one that two readers may read differently, none is the event's."""
    for name in source.extractor.id_headers:
        value = request.headers.one(name)
        doubled = value is None and request.headers.all(name)
        if doubled or not (value or b"").isascii():
            return Refusal(Outcome.BAD_SIGNATURE, "an id header is doubled or not ASCII")
    return None


def check_tenant(source: Source, case: Case, request: Request, parsed: Parsed) -> None:
    """Where a sender signs for all its customers with one key: is it ours?"""
    for bind in source.declaration.binds:
        value = refs.read(bind.ref, request, parsed)
        if value is None or value != source.options.get(bind.option):
            reason = f"{bind.ref} is not the configured {bind.option}"
            case.doubt(RequestRefused(Outcome.WRONG_TENANT, reason))
