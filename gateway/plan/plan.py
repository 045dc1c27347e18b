"""The plan: routes.yaml compiled. Immutable, numbered by generation, swapped whole at a reload.

Types only. `compile` builds them; everybody else reads them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gateway.errors import Problem
from gateway.plan.credentials import BodyHmac, OAuth2, SigningKey, Tls
from gateway.plan.secrets import Secrets, secrets_of
from gateway.providers.declaration import Declaration
from gateway.providers.extract import Extractor
from gateway.routing.expressions import Expression
from gateway.routing.match import Route, RouteIndex
from gateway.routing.templates import TextTemplate
from gateway.verify.addresses import AddressSet, ClientAddressMode, Network, Senders
from gateway.verify.base import Context, Secret
from gateway.verify.verifier import Verifier

Balance = Literal["round_robin", "random", "weighted", "failover", "least_pending"]


@dataclass(frozen=True, slots=True)
class Listen:
    """Where a listener binds. kind `systemd`: the socket that systemd hands over."""

    kind: Literal["tcp", "unix", "systemd"]
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.kind == "systemd":
            return "systemd"
        if self.kind == "unix":
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Server:
    """The public listener's settings."""

    listen: Listen
    public_url: str
    """Without a trailing slash; empty where none is configured."""
    client_address: ClientAddressMode
    trusted: AddressSet
    """Peers whose forwarding header is believed."""
    trust_unix: bool
    one_cpu: bool = True
    senders: Senders = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        senders = Senders(self.client_address, self.trusted, self.trust_unix)
        object.__setattr__(self, "senders", senders)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where and how long things are kept. Durations in seconds, sizes in bytes."""

    path: Path
    retention: float
    dedup_window: float
    min_free: int
    writer: Literal["auto", "process", "thread"] = "auto"
    """What writes; auto: a process where there are two CPUs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one source may send."""

    body: int
    """Bytes, after inflation."""
    deadline: float
    """Seconds for the whole body."""
    rate: float | None
    """Requests a second, proven ones."""
    per_address: float | None
    """Requests a second from one client address, before proof."""
    encodings: frozenset[str]
    """Content codings taken: a subset of {"gzip"}."""


@dataclass(frozen=True, slots=True)
class Source:
    """One inbound endpoint, ready to judge requests."""

    name: str
    declaration: Declaration
    path: str
    verifier: Verifier | None
    """None where `verify: none`, or where the source is misconfigured."""
    problem: str
    """Why it is misconfigured; empty: it is not. Holds no secret."""
    closed: bool
    enforce: bool
    """False: shadow mode."""
    allow: AddressSet | None
    """None lets every address in."""
    limits: Limits
    context: Context
    extractor: Extractor
    options: Mapping[str, str | bool | None]
    revive: bool
    amber: str
    """Why its proof is weak, for the dashboard; empty: it is not."""
    secrets: tuple[Secret, ...] = ()
    """As configured: what `gateway send` signs with. Their repr shows labels only."""
    allow_named: tuple[Network, ...] = ()
    """The part of `allow` that stands in the file."""
    allow_provider: bool = False
    """Whether the rest of `allow` is what the provider publishes, which is renewed."""
    hidden: Secrets = field(init=False, repr=False)
    """Where its requests carry secrets."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden", secrets_of(self.declaration, self.verifier))


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a delivery is tried again. Seconds."""

    base: float = 5.0
    cap: float = 1800.0
    window: float = 72 * 3600.0
    attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One URL of a target."""

    url: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When an endpoint that fails is left alone. Seconds."""

    failures: int | None = 5
    """In a row."""
    ratio: float | None = None
    """Share of failures within `window`, once it has seen `minimum` attempts."""
    window: float = 30.0
    minimum: int = 20
    cooldown: float = 30.0
    cap: float = 300.0


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """An active check of each endpoint. Seconds."""

    path: str
    every: float = 10.0


@dataclass(frozen=True, slots=True)
class Target:
    """An internal destination."""

    name: str
    endpoints: tuple[Endpoint, ...]
    timeout: float
    connect_timeout: float
    retry: RetryPolicy
    concurrency: int
    sign: tuple[SigningKey, ...]
    """Standard Webhooks keys, decoded; all of them sign."""
    headers: tuple[tuple[str, TextTemplate], ...]
    fair_by: Expression | None = None
    """Deliveries with the same value take one share of it together."""
    balance: Balance = "round_robin"
    resolve_all: bool = False
    """Each address of a name is an endpoint of its own."""
    answer: int = 64 * 1024
    """Bytes of an answer that are read at most."""
    rate: float | None = None
    """Attempts a second."""
    breaker: BreakerPolicy | None = None
    health: HealthCheck | None = None
    authorization: str | None = field(default=None, repr=False)
    """Basic or Bearer, where it never changes."""
    oauth2: OAuth2 | None = None
    hmac: BodyHmac | None = None
    tls: Tls | None = None
    hidden: tuple[bytes, ...] = field(default=(), repr=False)
    """What it is sent and nobody is shown, the longest first; tokens come and go, and are not here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One generation of the configuration."""

    generation: int
    file: Path
    server: Server
    admin_listen: Listen
    store: StoreSettings
    sources: Mapping[str, Source]
    by_path: Mapping[str, Source]
    targets: Mapping[str, Target]
    routes: Mapping[str, Route]
    index: RouteIndex
    warnings: tuple[Problem, ...]
    problems: tuple[Problem, ...]
    """Sources that cannot be trusted: only a start goes on with them."""
    shares: Mapping[str, Expression] = field(default_factory=dict)
    """By target: `fair_by`, where it has any."""

    @property
    def oauth2s(self) -> frozenset[OAuth2]:
        """Every way to a token that a target has."""
        return frozenset(one.oauth2 for one in self.targets.values() if one.oauth2 is not None)
