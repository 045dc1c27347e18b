"""The shape of routes.yaml: which keys there are and what each takes. Unknown keys are errors.

Descriptions are what `docs/configuration.md` and editors show.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from gateway.config.kinds import DAY, Duration, Name, Rate, Shape, Size, Some, Truth, something
from gateway.config.target_shapes import Target


class Server(Shape):
    """The public listener: what senders reach through nginx."""

    listen: str = Field(
        "127.0.0.1:8080",
        description="Address and port, `unix:/path`, or `systemd` for socket activation.",
    )
    public_url: str = Field(
        "", description="What senders call, without a path. Some of them sign it."
    )
    client_address: Literal["x-forwarded-for", "forwarded", "peer"] = Field(
        "x-forwarded-for", description="Where the client's address stands; one place is believed."
    )
    trusted_proxies: list[str] = Field(
        default_factory=lambda: ["127.0.0.1", "::1", "unix"],
        description="Peers whose forwarding header is believed: addresses, CIDRs, `unix`.",
    )
    cpus: Literal["one", "all"] = Field(
        "one",
        description="Where the process runs: Python does one thing at a time, and does it a quarter "
        "cheaper while all its threads share one CPU. The kernel chooses which, every few seconds.",
    )


class Admin(Shape):
    """The admin listener: dashboard, API, metrics. Never on the public address."""

    listen: str = Field("127.0.0.1:8081", description="Address and port, or `unix:/path`.")


class Store(Shape):
    """Where everything is kept, and how long."""

    url: str = Field(
        "sqlite:gateway.db", description="`sqlite:file` beside this file, or `sqlite:///absolute`."
    )
    retention: Duration = Field(
        30 * DAY, description="How long receipts, events and attempts are kept. Default 30d."
    )
    dedup_window: Duration = Field(
        90 * DAY, description="How long an event id stays taken; at least retention. Default 90d."
    )
    min_free: Size = Field(
        512 * 2**20,
        description="Below this much room new events get 503. Room is free disk and what pruning "
        "freed in the database; a half, at most 64MiB, is held by a ballast file beside it. "
        "0B guards nothing. Default 512MiB.",
    )
    writer: Literal["auto", "process", "thread"] = Field(
        "auto",
        description="What writes to the store: a process beside the gateway's, which takes half of the "
        "work to another CPU, or a thread of it. Default `auto`: a process where there are two CPUs.",
    )


class Limits(Shape):
    """What one source may send."""

    body: Annotated[Size, AfterValidator(something)] | None = Field(
        None, description="Largest body; default the provider's, or 1MiB."
    )
    deadline: Duration = Field(10.0, description="Time for the whole body. Default 10s.")
    rate: Rate | None = Field(None, description="Proven requests in a time; default no limit.")
    per_address: Rate | None = Field(
        None, description="Requests from one address, proven or not; default no limit."
    )
    encodings: list[Literal["gzip"]] = Field(
        default_factory=list, description="Compressions taken; default none."
    )


class Verify(Shape):
    """How a custom sender proves itself."""

    scheme: Literal["hmac", "token", "basic", "standard-webhooks"] = Field(
        description="The way to prove origin."
    )
    header: str = Field("", description="Where the signature or token stands.")
    signed: str = Field(
        "{body}",
        description="What is signed: {body}, {timestamp}, {id}, {url}, {method}, {header.X-Name}.",
    )
    algorithm: str = Field("sha256", description="Any fixed-length digest of hashlib.")
    encoding: Literal["hex", "base64", "base64url"] = Field("hex", description="Of the signature.")
    key_encoding: Literal["text", "hex", "base64", "whsec"] | None = Field(
        None, description="How the secret becomes key bytes; default text."
    )
    prefix: str = Field("", description="Stands before the value: `sha256=`, `Bearer `.")
    separator: str = Field("", description="Splits a header that lists several values.")
    entry: str = Field("", description="Only entries of this name count: `v1` in `t=…,v1=…`.")
    assign: str = Field("=", description="Between an entry's name and its value.")
    timestamp_header: str = Field("", description="The header with the signed time.")
    timestamp_entry: str = Field("", description="The entry of the signature header with the time.")
    timestamp_unit: Literal["s", "ms", "rfc3339"] = Field(
        "s", description="How the time is written."
    )
    id_header: str = Field("", description="What {id} reads.")


class FieldShape(Shape):
    """How one normalized field is read."""

    at: str | list[str] = Field(description="`body.a.b`, `/pointer` or `header.X-Name`.")
    kind: str = Field("text", description="text, integer, boolean, time, minor, decimal, sha, …")
    table: dict[str, str] | None = Field(None, description="For `map`: their word to ours.")
    otherwise: str | None = Field(None, description="For `map`: for words not in the table.")
    currency: str | list[str] = Field(
        default_factory=list, description="For amounts: where the currency stands."
    )


class RuleShape(Shape):
    """A sender's event and what it is in the vocabulary."""

    on: str | list[str] = Field(
        default_factory=list, description="The sender's words; any if left out."
    )
    when: dict[str, str | int | bool | list[str]] = Field(
        default_factory=dict, description="Place to value: all must be equal."
    )
    to: str = Field(description="The normalized type.")
    fields: dict[str, FieldShape] = Field(default_factory=dict, description="Normalized fields.")


class Source(Shape):
    """One inbound endpoint."""

    provider: str = Field(description="Whose webhooks come here, or `custom`.")
    path: str = Field("", description="Where; default /in/NAME.")
    secrets: list[str] = Field(
        default_factory=list,
        description="`file:PATH`, `credential:NAME` or `${NAME}`; several while rotating.",
    )
    verify: Verify | Literal["none"] | None = Field(
        None, description="For `custom`: the scheme. `none` for senders that sign nothing."
    )
    options: dict[str, str | bool] = Field(
        default_factory=dict, description="What `gateway providers NAME` lists."
    )
    allow_ips: list[str] = Field(
        default_factory=list,
        description="CIDRs, addresses, or `provider` for its published ranges.",
    )
    tolerance: Duration | None = Field(
        None, description="How far a signed time may be from now, both ways; default 5m."
    )
    limits: Limits = Field(default_factory=Limits, description="What it may send.")
    enforce: Truth = Field(True, description="false: shadow mode, store what would be refused.")
    closed: Truth = Field(False, description="true: answer 503 to everything.")
    redelivery: Literal["revive", "ignore"] = Field(
        "revive", description="Whether a sender's redelivery brings dead deliveries back."
    )
    event_id: str = Field("", description="For `custom`: where the event's id stands.")
    event_type: str = Field("", description="For `custom`: where the sender's word stands.")
    rules: list[RuleShape] = Field(default_factory=list, description="For `custom`: normalizing.")


class Debounce(Shape):
    """Of a burst of events only the latest is delivered; the others are superseded."""

    by: str = Field(description="An expression: events with the same value are one burst.")
    wait: Duration = Field(description="A burst is over when none came for so long.")
    max_wait: Duration | None = Field(
        None, description="No burst lasts longer, counted from its first. Default 10 times `wait`."
    )


class Route(Shape):
    """From sources, on types, when a condition holds, to targets."""

    name: Name = Field(description="Its name.")
    from_: Some | None = Field(None, alias="from", description="Sources; default every one.")
    on: Some | None = Field(None, description="Types, `payment.*`; default all but meta.*.")
    when: str | bool | None = Field(None, description="A condition over event, payload, headers …")
    to: Some = Field(description="Targets.")
    format: Literal["cloudevent", "raw"] = Field("cloudevent", description="What is delivered.")
    transform: Any = Field(None, description="A JSON value with templates, delivered instead.")
    accept_unverified: Truth = Field(False, description="Takes events of shadow sources too.")
    order_by: str | None = Field(
        None,
        description="An expression: a target's deliveries with the same value go one at a time, in "
        "order of arrival. Where it is missing or empty, order does not matter.",
    )
    on_dead: Literal["continue", "hold"] = Field(
        "continue",
        description="Whether those behind a dead delivery go on or wait for a person. "
        "Default continue.",
    )
    delay: Duration | None = Field(
        None, description="From the arrival to the first attempt; default none."
    )
    debounce: Debounce | None = Field(
        None, description="Delivers only the latest of a burst; default every one."
    )


class File(Shape):
    """routes.yaml."""

    version: Literal[1] = Field(description="The form of this file.")
    server: Server = Field(default_factory=Server, description="The public listener.")
    admin: Admin = Field(default_factory=Admin, description="The admin listener.")
    store: Store = Field(default_factory=Store, description="Where everything is kept.")
    sources: dict[Name, Source] = Field(default_factory=dict, description="Inbound endpoints.")
    targets: dict[Name, Target] = Field(default_factory=dict, description="Destinations.")
    routes: list[Route] = Field(default_factory=list, description="What goes where.")
