"""Stand-ins for the parts of the gateway that a test is not about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import StoreUnavailable
from gateway.ingest.ports import RequestLine
from gateway.model.ids import EventId, KeyDigest, Seq, key_digest
from gateway.model.records import Admission, Admitted, Committed, NewEvent, Refused
from gateway.model.states import DeliveryState
from gateway.plan.plan import Limits, Listen, Plan, Server, Source, StoreSettings
from gateway.providers.declaration import Declaration, Way
from gateway.providers.extract import Extractor
from gateway.routing.match import Route, RouteIndex
from gateway.store.protocol import Listener
from gateway.verify.addresses import AddressSet, parse_network
from gateway.verify.base import Context, Secret
from gateway.verify.hmac import Hmac
from gateway.verify.verifier import Verifier, bind

SECRET = b"a-secret-of-more-than-sixteen-bytes"
LIMITS = Limits(body=64 * 1024, deadline=5.0, rate=None, per_address=None, encodings=frozenset())
HMAC = Hmac("X-Signature", prefix="sha256=")


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: float = 1_790_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class MemoryStore:
    """Accepts as `store.protocol.Store` promises, and forgets at the end of the test."""

    def __init__(self) -> None:
        self.admissions: list[Admission] = []
        self.events: dict[KeyDigest, NewEvent] = {}
        self.duplicates: dict[EventId, int] = {}
        self.fail: Exception | None = None
        self.listeners: list[Listener] = []
        self._seq = 0

    def listen(self, listener: Listener) -> None:
        self.listeners.append(listener)

    async def accept(self, admission: Admission) -> Sequence[Admitted]:
        if self.fail is not None:
            raise self.fail
        admitted = [self._accept(event, admission) for event in admission.events]
        self.admissions.append(admission)
        due = Committed(seconds=0.0, admissions=[(admission, admitted)], due=[])
        for listener in self.listeners:
            listener(due)
        return admitted

    def _accept(self, event: NewEvent, admission: Admission) -> Admitted:
        digest = key_digest(admission.source, event.dedup_key, verified=event.verified)
        first = self.events.get(digest)
        if first is None:
            self.events[digest] = event
            event.seq = self._next()
            for delivery in event.deliveries:
                delivery.seq = self._next()
            return Admitted(duplicate=False, id=event.id)
        self.duplicates[first.id] = self.duplicates.get(first.id, 0) + 1
        dead = [one for one in first.deliveries if one.state is DeliveryState.DEAD]
        for delivery in dead if admission.revive else []:
            delivery.state = DeliveryState.PENDING
        return Admitted(True, first.id, revived=len(dead) if admission.revive else 0)

    def _next(self) -> Seq:
        self._seq += 1
        return Seq(self._seq)

    def break_down(self) -> None:
        self.fail = StoreUnavailable("the disk is full")


@dataclass
class Pauses:
    """What is paused, as (kind, name)."""

    names: set[tuple[str, str]] = field(default_factory=set)

    def why(self, source: str, route: str, target: str) -> str:
        all_three = (("source", source), ("route", route), ("target", target))
        held = (
            f"{kind} {name} is paused" for kind, name in all_three if (kind, name) in self.names
        )
        return next(held, "")


@dataclass
class Dispatch:
    """A dispatcher with room for so many deliveries."""

    room: int = 0
    reserved: list[str] = field(default_factory=list)
    taken: list[tuple[Admission, Sequence[Admitted]]] = field(default_factory=list)
    failures: list[Admission] = field(default_factory=list)

    def reserve(self, target: str) -> bool:
        if len(self.reserved) >= self.room:
            return False
        self.reserved.append(target)
        return True

    def accepted(self, admission: Admission, admitted: Sequence[Admitted]) -> None:
        self.taken.append((admission, admitted))

    def failed(self, admission: Admission) -> None:
        self.failures.append(admission)


@dataclass
class Ears:
    """Hears all that ingest says of its requests."""

    counts: list[tuple[str, str]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    lines: list[RequestLine] = field(default_factory=list)
    reports: list[BaseException] = field(default_factory=list)

    def ended(self, source: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.counts.append((source, str(outcome)))

    @property
    def outcomes(self) -> list[str]:
        return [outcome for _, outcome in self.counts]


def declaration(**more: object) -> Declaration:
    """A sender that signs its body, names an event in `X-Id` and its word in the body."""
    return Declaration(
        **{
            "name": "custom",
            "title": "Custom",
            "docs": "",
            "ways": (Way(HMAC),),
            "id": ("header.X-Id",),
            "event": ("body./type",),
            **more,
        }
    )


def source(
    name: str = "orders",
    *,
    declared: Declaration | None = None,
    secrets: Sequence[bytes] = (SECRET,),
    limits: Limits = LIMITS,
    allow: Sequence[str] | None = None,
    proves: bool = True,
    **more: object,
) -> Source:
    """A source, open and enforcing unless said otherwise."""
    of = declared or declaration()
    named = [Secret(f"#{number}", value) for number, value in enumerate(secrets, 1)]
    verifier = bind(of.ways, named, {}, Context()) if proves else None
    assert verifier is None or isinstance(verifier, Verifier)
    return Source(
        **{
            "name": name,
            "declaration": of,
            "path": f"/in/{name}",
            "verifier": verifier,
            "problem": "",
            "closed": False,
            "enforce": True,
            "allow": None if allow is None else AddressSet(map(parse_network, allow)),
            "limits": limits,
            "context": Context(),
            "extractor": Extractor(of),
            "options": {},
            "revive": True,
            "amber": "",
            **more,
        }
    )


def route(name: str = "all", *, targets: Sequence[str] = ("one",), **more: object) -> Route:
    """A route that takes everything from everywhere."""
    return Route(
        **{
            "name": name,
            "sources": None,
            "types": ("*",),
            "when": None,
            "targets": tuple(targets),
            **more,
        }
    )


def plan(
    *sources: Source,
    routes: Sequence[Route] = (),
    client_address: str = "x-forwarded-for",
    trusted: Sequence[str] = ("127.0.0.1", "::1"),
) -> Plan:
    """A plan of these sources and routes; nothing is read from any file."""
    listen = Listen("tcp", "127.0.0.1", 0)
    return Plan(
        generation=1,
        file=Path("routes.yaml"),
        server=Server(
            listen=listen,
            public_url="",
            client_address=client_address,
            trusted=AddressSet(map(parse_network, trusted)),
            trust_unix=True,
        ),
        admin_listen=listen,
        store=StoreSettings(Path("gateway.db"), 1.0, 1.0, 0),
        sources={one.name: one for one in sources},
        by_path={one.path: one for one in sources},
        targets={},
        routes={one.name: one for one in routes},
        index=RouteIndex(routes),
        warnings=(),
        problems=(),
    )
