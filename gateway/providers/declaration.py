"""What we know of a sender, as data: the types of a provider's declaration.

A provider is one file that builds one `Declaration`; `custom` in routes.yaml builds the same one.
No rule of any provider lives here, and nowhere in the gateway may code ask for a provider's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gateway.verify.base import Scheme

Ref = str
"""Names a value of a request: `header.X-GitHub-Delivery`, `body./pointer/to/it` (RFC 6901)."""


# ---------------------------------------------------------------- proof


@dataclass(frozen=True, slots=True)
class Way:
    """One way this sender proves origin, and when a source uses it.

    Of a source's secrets each belongs to the first way that takes it. Only the first way (in the
    order declared) that has a secret of its own is live, together with later ways that take the
    same secrets (`option` guards those): so a signing token shuts out a plain one.
    Of the live ways the first whose header is present judges the request; there is no second try.
    """

    scheme: Scheme
    secret_prefix: str = ""
    """Takes only secrets that begin so (`whsec_`)."""
    option: str = ""
    """Live only where this option is true."""
    weak: str = ""
    """Why a source that uses this way is shown amber; empty: it is not."""


# ---------------------------------------------------------------- options


@dataclass(frozen=True, slots=True)
class Option:
    """A key under `options:` of a source."""

    kind: Literal["text", "boolean"]
    about: str
    required: bool = False
    default: str | bool | None = None


@dataclass(frozen=True, slots=True)
class Bind:
    """A signed value that must equal a required option: senders that sign for all with one key."""

    ref: Ref
    option: str


# ---------------------------------------------------------------- replies and handshakes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer a sender expects."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Replies:
    """What differs from the gateway's own answers. None: ours."""

    success: Reply | None = None
    """For accepted, duplicate and unrouted alike."""
    refusal: Reply | None = None
    """For a request that is not proven."""
    rate_limited: int = 429
    """503 for senders that drop an event on 429."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """A sender's check of the address, answered at once and not stored."""

    method: str
    when: tuple[tuple[Ref, str], ...]
    """Each reference must have this value; an empty text: be present."""
    signed: bool
    """Whether it must be proven first."""
    reply: Reply
    echo: Ref = ""
    """The value the body of the reply repeats; empty: `reply.body` as it is."""


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Batch:
    """A request that holds several events: `items` points at the list."""

    items: str
    at_most: int = 5000


@dataclass(frozen=True, slots=True)
class Field:
    """How one normalized field is read.

    at: JSON pointers into the payload (or `header.Name`), the first that gives a value counts.
    kind: how the value is understood; a value that is not of the kind is left out and noted.
    """

    at: tuple[str, ...] = ()
    kind: Literal[
        "text", "integer", "boolean", "time", "minor", "decimal", "currency", "sha", "map", "const",
        "ref", "branch", "tag", "tail", "repo_url",
    ] = "text"
    table: Mapping[str, object] | None = None
    """For `map`: the sender's word to ours."""
    otherwise: object = None
    """For `map`: what an unknown word gives; None leaves the field out. For `const`: the value."""
    currency: tuple[str, ...] = ()
    """For `minor` and `decimal`: where the currency code stands."""
    unit: Literal["s", "ms"] = "s"
    """For `time` given as a number."""
    join: str = ""
    """Joins the values of *all* of `at` (each must be there) instead of taking the first."""


Test = object
"""What a pointer's value is compared with in a rule: a JSON scalar (equal), a tuple (one of), or
one of the markers of `providers.tests`: PRESENT, ABSENT, ZEROS, `Prefix("refs/tags/")`, `Not(x)`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A sender's event and what it is in our words. The first rule that fits counts."""

    to: str
    """A type of the vocabulary."""
    on: tuple[str, ...] = ()
    """The sender's own words for the event; empty: any."""
    when: Mapping[str, Test] = field(default_factory=dict)
    """Pointer (or `header.Name`) to test; all must hold."""
    fields: Mapping[str, Field] = field(default_factory=dict)
    """Beside and before the declaration's common fields."""


# ---------------------------------------------------------------- addresses


@dataclass(frozen=True, slots=True)
class Ranges:
    """The addresses a sender says it calls from."""

    shipped: tuple[str, ...]
    """CIDRs as published on `as_of`; used until a fresher list was fetched."""
    as_of: str
    url: str = ""
    """A JSON document with the current list; empty: the sender publishes none."""
    pointers: tuple[str, ...] = ()
    """Where the lists of CIDRs or addresses stand in it."""


# ---------------------------------------------------------------- the whole


@dataclass(frozen=True, slots=True)
class Setup:
    """What `gateway add` tells a person to do in the sender's console."""

    where: str
    """The way to the page: `Repository → Settings → Webhooks → Add webhook`."""
    steps: tuple[str, ...]
    """Lines with `{url}` and `{secret}`, in order."""
    secret: Literal["ours", "theirs"] = "ours"
    """Whether we make the secret or the sender's console shows it."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything the gateway knows of one sender."""

    name: str
    title: str
    docs: str
    """The sender's page on its webhooks."""
    ways: tuple[Way, ...]
    id: tuple[Ref, ...]
    """Where the event's id stands, the first that is there; none: the hash of the body."""
    event: tuple[Ref, ...]
    """Where the sender's word for the event stands, the first that is there."""
    rules: tuple[Rule, ...] = ()
    fields: Mapping[str, Field] = field(default_factory=dict)
    """Common to all rules (a rule's own come first)."""
    time: Field | None = None
    """When it happened."""
    methods: tuple[str, ...] = ("POST",)
    form_field: str = ""
    """A form body carries its JSON in this field."""
    options: Mapping[str, Option] = field(default_factory=dict)
    binds: tuple[Bind, ...] = ()
    secret_at: tuple[Ref, ...] = ()
    """Places beside the scheme's own where the sender's secrets stand; masked before storing."""
    raw_headers: tuple[str, ...] = ()
    """Headers that `format: raw` passes on beside Content-Type."""
    replies: Replies = Replies()
    handshakes: tuple[Handshake, ...] = ()
    batch: Batch | None = None
    body_limit: int = 1024 * 1024
    ranges: Ranges | None = None
    setup: Setup | None = None
    proof_note: str = ""
    """What the proof does not cover, for the operator."""

    def option_defaults(self) -> Mapping[str, str | bool | None]:
        """The options' values where a source sets none."""
        return {name: option.default for name, option in self.options.items()}


def names(refs: Sequence[Ref]) -> tuple[str, ...]:
    """The header names among references, in lower case."""
    return tuple(ref[7:].lower() for ref in refs if ref.startswith("header."))
