"""What we know of a sender, as data: the types of a provider's declaration.

A provider is one file that builds one `Declaration`; `custom` in routes.yaml builds the same one.
No rule of any provider lives here, and nowhere in the gateway may code ask for a provider's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gateway.providers.markers import Test
from gateway.verify.base import Scheme

Ref = str
"""Names a value of a request:

- `/pointer/to/it` or `body./pointer/to/it`: in the payload (RFC 6901); in a batch, in the item.
- `body.name.of.it`: the same with dots, for names that hold none.
- `root./pointer`: in the whole payload, where a batch's item is read.
- `header.X-GitHub-Delivery`: a header that was sent once, printable ASCII.
"""
Key = Ref | tuple[Ref, ...]
"""Where an id stands. A tuple: several values, all of them there, joined by `:`."""


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

    items: Ref
    at_most: int = 5000


Kind = Literal[
    "text",
    "integer",
    "boolean",
    "time",
    "minor",
    "decimal",
    "currency",
    "sha",
    "map",
    "const",
    "ref",
    "branch",
    "tag",
    "tail",
    "repo_url",
]
"""How a value is understood:

- `text`: a text that is not empty; an integer is written out. `integer`: an integer, or text of
  digits. `boolean`: true or false, or those words as text.
- `time`: RFC 3339 with any offset, `2016-08-12 15:23:28 UTC`, or a unix time in `unit`.
- `minor`: an integer in the sender's minor unit. `decimal`: a decimal number in major units.
  Either becomes an integer in ISO 4217's minor unit. `currency`: a code, upper case.
- `sha`: a commit id; all zeros is left out. `map`: the sender's word looked up in `table`.
  `const`: always `value`.
- `ref`: a full git ref; with `lead` the value is a short name and `lead` is put before it.
  `branch` and `tag`: the short name, if the full ref is one of these; else left out.
- `tail`: what follows the first `/`. `repo_url`: the path of a git URL without `.git`.
"""


@dataclass(frozen=True, slots=True)
class Field:
    """How one normalized field is read. A value that is not of its kind is left out and noted."""

    at: tuple[Ref, ...] = ()
    """Where it stands, the first that gives a value counts."""
    kind: Kind = "text"
    when: Mapping[Ref, Test] = field(default_factory=dict)
    """All must hold for this way of reading to be tried at all."""
    value: str | int | bool | None = None
    """For `const`."""
    table: Mapping[str, str] = field(default_factory=dict)
    """For `map`: the sender's word to ours; numbers and booleans are looked up as JSON text."""
    otherwise: str = ""
    """For `map`: what an unknown word gives; empty leaves the field out, noted."""
    currency: tuple[Ref, ...] = ()
    """For `minor` and `decimal`: where the currency code stands."""
    exponents: Mapping[str, int] = field(default_factory=dict)
    """For `minor`: the sender's own exponents where they differ from ISO 4217."""
    unit: Literal["s", "ms"] = "s"
    """For `time` given as a number."""
    zone: str = ""
    """For `time` without a zone: the sender's documented one (`+08:00`); empty: left out."""
    lead: str = ""
    """For `ref`: put before a short name (`refs/heads/`)."""
    join: str = ""
    """Joins the values of *all* of `at` (each must be there) instead of taking the first."""


Reading = Field | tuple[Field, ...]
"""One way to read a field, or several: the first that gives a value counts."""


def text(*at: Ref, when: Mapping[Ref, Test] | None = None) -> Field:
    """Text at the first of these places that has some."""
    return Field(at, when=when or {})


def time(*at: Ref) -> Field:
    """A time at the first of these places that has one; numbers are unix seconds."""
    return Field(at, "time")


def integer(*at: Ref) -> Field:
    """An integer at the first of these places that has one."""
    return Field(at, "integer")


def sha(*at: Ref) -> Field:
    """A commit id at the first of these places that has one."""
    return Field(at, "sha")


def const(value: str | int | bool, when: Mapping[Ref, Test] | None = None) -> Field:
    """Always this value."""
    return Field(kind="const", value=value, when=when or {})


@dataclass(frozen=True, slots=True)
class Rule:
    """A sender's event and what it is in our words. The first rule that fits counts."""

    to: str
    """A type of the vocabulary."""
    on: tuple[str, ...] = ()
    """The sender's own words for the event; empty: any."""
    when: Mapping[Ref, Test] = field(default_factory=dict)
    """All must hold. The tests are a scalar (equal), a tuple (one of) or one of `markers`."""
    fields: Mapping[str, Reading | None] = field(default_factory=dict)
    """Instead of the declaration's common field of the same name; None leaves that one out."""
    time: Reading | None = None
    """When it happened, instead of the declaration's."""


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
    id: tuple[Key, ...]
    """Where the event's id stands, the first that is there; none: the hash of the body."""
    event: tuple[Ref, ...]
    """Where the sender's word for the event stands, the first that is there."""
    rules: tuple[Rule, ...] = ()
    fields: Mapping[str, Reading] = field(default_factory=dict)
    """Common to all rules; of them only those that the type's family knows are read."""
    time: Reading | None = None
    """When it happened."""
    words_are_types: bool = False
    """A sender's word that the vocabulary lists is the type, before any rule (`custom`)."""
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


def names(refs: Sequence[Key]) -> tuple[str, ...]:
    """The header names among references, in lower case."""
    flat = [one for ref in refs for one in ((ref,) if isinstance(ref, str) else ref)]
    return tuple(ref[7:].lower() for ref in flat if ref.startswith("header."))
