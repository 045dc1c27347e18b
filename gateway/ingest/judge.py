"""The order of judgement, from a request's headers to its one outcome.

    path, method, source closed?, address, declared length and encoding, body, proof,
    per-source limit, handshake, ids and routes, commit, answer

Each step lets the request pass or raises `RequestRefused`. That every request ends once, whatever
happens, is `receive`'s business; what is then written down is `ledger`'s.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import Protocol

from gateway.errors import RequestRefused, StoreUnavailable, forget_frames
from gateway.ingest import body, handshake, replies, steps
from gateway.ingest.admit import Admitter, Proven
from gateway.ingest.beside import LARGE, Beside
from gateway.ingest.case import ON_UNIX, Case, Ending
from gateway.ingest.ledger import Ledger
from gateway.ingest.parts import Answer, Parts
from gateway.ingest.ports import Dispatch, Log, Metrics, Pauses, RefusedSink, Report
from gateway.ingest.rates import Buckets, network_key
from gateway.ingest.refs import Parsed
from gateway.model.address import IPAddress
from gateway.model.outcomes import Outcome
from gateway.model.records import Admission, Admitted
from gateway.model.request import Request
from gateway.plan.plan import Plan, Source
from gateway.verify.addresses import Unreadable
from gateway.verify.base import Proof, Refusal

COMMITS = 2048
"""Requests that wait for the store: a tenth of a second's worth of a store that is well; behind one
that hangs more of them would only wait longer."""


class Accepting(Protocol):
    """The one thing ingest asks of the store."""

    def accept(self, admission: Admission) -> Awaitable[Sequence[Admitted]]:
        """See `store.protocol.Store.accept`."""
        ...


class Judge:
    """Judges requests. Everything it needs is handed in; it knows no HTTP library."""

    def __init__(
        self,
        *,
        plan: Callable[[], Plan],
        store: Accepting,
        pauses: Pauses,
        dispatch: Dispatch,
        refused: RefusedSink,
        metrics: Metrics,
        log: Log | None,
        report: Report,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.perf_counter,
        in_flight: int = body.IN_FLIGHT,
        commits: int = COMMITS,
    ) -> None:
        """log: None where nobody reads it. clock: unix seconds. in_flight: bytes of bodies at one
        moment. commits: how many may wait for the store at one moment."""
        self._plan = plan
        self._store = store
        self._dispatch = dispatch
        self._ledger = Ledger(metrics, refused, log)
        self._report = report
        self._clock = clock
        self._monotonic = monotonic
        self._in_flight = body.InFlight(in_flight)
        self._beside = Beside()
        self._commits = commits
        self._committing = 0
        self._by_source = Buckets()
        self._by_address = Buckets()
        self._admitter = Admitter(pauses, dispatch, report)

    async def receive(self, parts: Parts) -> Answer:
        """The answer to a request. Never raises but `CancelledError`."""
        started = self._monotonic()
        case = Case(parts, self._clock())
        share = body.Share(self._in_flight)
        try:
            found = await self._admission(case, share)
            ending = found if isinstance(found, Ending) else await self._commit(case, found)
        except RequestRefused as refusal:
            forget_frames(refusal)
            ending = self._refusal(case, refusal)
        except asyncio.CancelledError:
            # The process ends: nobody reads the answer, but the request still has its outcome.
            shut = RequestRefused(Outcome.OVERLOADED, "the gateway is shutting down")
            self._ledger.end(case, self._refusal(case, shut), self._monotonic() - started)
            raise
        except Exception as error:  # noqa: BLE001 — the last guard: a bug is a 503, and is heard of
            self._report(error)
            bug = RequestRefused(Outcome.OVERLOADED, "an unexpected error, see the log")
            ending = self._refusal(case, bug)
        finally:
            share.give_back()
        self._ledger.end(case, ending, self._monotonic() - started)
        return ending.answer

    def unread(self, peer: str | None, refusal: RequestRefused) -> Answer:
        """The answer to what was not read as a request: no HTTP, or one connection too many.
        Counted and logged like any other request."""
        started = self._monotonic()
        case = Case(Parts.nothing(peer), self._clock())
        case.client = peer or ON_UNIX
        ending = self._refusal(case, refusal)
        self._ledger.end(case, ending, self._monotonic() - started)
        return ending.answer

    def unexpected(self, error: Exception) -> None:
        """Hears of a mistake of ours outside the order, in what carries requests here."""
        self._report(error)

    # ---------------------------------------------------------------- the order

    async def _admission(self, case: Case, share: body.Share) -> Admission | Ending:
        """All of the order up to the commit.

        A function of its own so that the parsed body is gone before the wait for the disk: kept
        meanwhile by each of many requests, parsing and freeing them costs three times as much.
        """
        plan = self._plan()
        parts = case.parts
        address = steps.address(plan, case)
        case.source = source = steps.find(plan, case.path)
        steps.check_method(source, parts.method)
        if source.problem or source.closed:
            raise steps.shut(source)
        self._check_address(source, case, address)
        limits = source.limits
        coding = body.declared(parts.headers, limits.body, limits.encodings)
        wire = body.whole(parts.body, limits.body, share)
        if wire is None or coding or len(wire) > LARGE:
            request, verdict = await self._prove_slowly(source, case, wire, coding, share)
        else:
            request, verdict = steps.prove(source, case, wire, wire)
        case.body = request.body
        proof: Proof | None = None
        parsed = Parsed(source.extractor, request)
        if isinstance(verdict, Refusal):
            # A check of this address that needs no proof is none the worse for a failed one.
            if ending := self._handshake(source, request, parsed, proven=False):
                return ending
            case.doubt(RequestRefused(verdict.outcome, verdict.reason))
        elif verdict is not None:
            proof, case.key = verdict, verdict.label
        if source.declaration.binds:
            steps.check_tenant(source, case, request, parsed)
        if limits.rate is not None:
            self._take(self._by_source, source.name, limits.rate, "the source is over its rate")
        if ending := self._handshake(source, request, parsed, proven=case.shadow is None):
            return ending
        if request.method not in source.declaration.methods:
            raise RequestRefused(Outcome.BAD_METHOD, "the method is for handshakes, this is none")
        refusal = case.shadow.outcome if case.shadow else None
        proven = Proven(source, request, case.client, case.received_at, proof, refusal)
        return await self._admitter.admission(plan, proven, parsed.payload)

    async def _prove_slowly(
        self, source: Source, case: Case, wire: bytes | None, coding: str, share: body.Share
    ) -> tuple[Request, Proof | Refusal | None]:
        """Waits for the body where it is not here yet. What is large, or may be once it is unpacked,
        does not stop the event loop."""
        beside, limits = self._beside, source.limits
        if wire is None:
            wire = await body.read(case.parts.body, limits.body, limits.deadline, share)
        case.body = plain = wire
        if coding:
            plain = await body.decode(wire, limits.body, share, beside)
        if len(plain) <= LARGE:
            return steps.prove(source, case, wire, plain)
        request, verdict = await beside.run(steps.prove, source, case, wire, plain)
        if isinstance(verdict, Refusal):
            case.body_hash = await beside.run(steps.hash_of, plain)
        return request, verdict

    def _check_address(
        self, source: Source, case: Case, found: IPAddress | Unreadable | None
    ) -> None:
        if isinstance(found, Unreadable):
            raise RequestRefused(Outcome.IP_DENIED, found.reason)
        if source.allow is not None and (found is None or found not in source.allow):
            case.doubt(RequestRefused(Outcome.IP_DENIED, "the address is not in the allowlist"))
        rate = source.limits.per_address
        if rate is not None:
            key = (source.name, network_key(found))
            self._take(self._by_address, key, rate, "the address is over its rate")

    def _take(self, buckets: Buckets, key: object, rate: float, reason: str) -> None:
        wait = buckets.take(key, rate, self._monotonic())
        if wait:
            raise RequestRefused(Outcome.RATE_LIMITED, reason, retry_after=max(1, ceil(wait)))

    def _handshake(
        self, source: Source, request: Request, parsed: Parsed, *, proven: bool
    ) -> Ending | None:
        declared = source.declaration.handshakes
        if not declared:
            return None
        found = handshake.answer(declared, request, parsed, proven=proven)
        return None if found is None else Ending(Outcome.HANDSHAKE, found)

    async def _commit(self, case: Case, admission: Admission) -> Ending:
        if self._committing >= self._commits:
            self._dispatch.failed(admission)
            raise RequestRefused(Outcome.OVERLOADED, "too many requests wait for the store")
        self._committing += 1
        try:
            admitted = await self._store.accept(admission)
        except BaseException as error:
            self._dispatch.failed(admission)
            if isinstance(error, StoreUnavailable):
                raise RequestRefused(Outcome.STORE_UNAVAILABLE, str(error)) from error
            raise
        finally:
            self._committing -= 1
        self._dispatch.accepted(admission, admitted)
        case.admitted = admitted
        outcome = _outcome(admission, admitted)
        declared = case.source.declaration.replies if case.source else replies.OURS
        return Ending(outcome, replies.success(outcome, admitted, declared))

    # ---------------------------------------------------------------- the end

    def _refusal(self, case: Case, refusal: RequestRefused) -> Ending:
        source = case.source
        declared = source.declaration.replies if source else replies.OURS
        allow = steps.methods(source) if source and refusal.outcome is Outcome.BAD_METHOD else ()
        answer = replies.refusal(
            refusal.outcome, case.id, declared, retry_after=refusal.retry_after, allow=allow
        )
        return Ending(refusal.outcome, answer, refusal.reason)


def _outcome(admission: Admission, admitted: Sequence[Admitted]) -> Outcome:
    duplicate = bool(admitted)
    for event, one in zip(admission.events, admitted, strict=True):
        if not one.duplicate:
            if event.deliveries:
                return Outcome.ACCEPTED
            duplicate = False
    return Outcome.DUPLICATE if duplicate else Outcome.UNROUTED
