"""Keyed hashes over bytes the sender and we both know (RFC 2104).

One value covers every plain HMAC sender: where the signature stands and how it is written, what is
signed, how the key is read, where the time stands. What this cannot say is another scheme's job.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from gateway.model.request import Request
from gateway.verify import keys as key_bytes
from gateway.verify import mac, times
from gateway.verify.base import (
    BadScheme,
    Context,
    Encoding,
    Key,
    KeyEncoding,
    Proof,
    Refusal,
    Secret,
    TimeUnit,
)
from gateway.verify.headers import bad, single
from gateway.verify.mac import Decoder
from gateway.verify.template import Slot, Template, compile_template


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Where a signed time stands: in a header of its own, or as an entry of the signature header."""

    header: str | None = None
    entry: str | None = None
    """The entry's name, for headers such as `t=1790000000,v1=…`."""
    unit: TimeUnit = "s"
    tolerance: float = 300.0
    """Seconds, in both directions."""

    def __post_init__(self) -> None:
        if bool(self.header) == bool(self.entry):
            raise BadScheme("a timestamp stands in a `header` or in an `entry`, in one of the two")
        if self.tolerance <= 0:
            raise BadScheme("`tolerance` must be more than nothing")


@dataclass(frozen=True, slots=True)
class _Ready:
    """What can be worked out once of a scheme's parameters."""

    header: bytes
    prefix: bytes
    separator: bytes
    entry: bytes
    assign: bytes
    time_header: bytes
    time_entry: bytes
    id_header: bytes
    template: Template
    body_only: bool
    decode: Decoder
    """Reads a signature."""


@dataclass(frozen=True, slots=True)
class Hmac:
    """An HMAC over a template of raw bytes. Raises `BadScheme` for parameters that do not fit."""

    name: ClassVar[str] = "hmac"

    header: str
    signed: str = "{body}"
    """Template: `{body}`, `{timestamp}` (as sent), `{id}`, `{url}`, `{method}`, `{header.X-Name}`,
    `{option.name}`; every other byte stands for itself."""
    algorithm: str = "sha256"
    """Any of hashlib's fixed-length digests."""
    encoding: Encoding = "hex"
    key_encoding: KeyEncoding = "text"
    prefix: str = ""
    """Must stand before the value, or before the whole list (`sha256=`); its case counts."""
    separator: str = ""
    """Splits a header that lists several values; empty: the header is one value."""
    entry: str = ""
    """Only entries of this name count (`v1` in `t=…,v1=…`); empty: entries have no names."""
    assign: str = "="
    """Stands between an entry's name and its value; the first one counts."""
    timestamp: Timestamp | None = None
    id_header: str = ""
    """What `{id}` reads."""
    _ready: _Ready = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        template = compile_template(self.signed)
        self._check(template)
        time = self.timestamp
        ready = _Ready(
            header=self.header.lower().encode(),
            prefix=self.prefix.encode(),
            separator=self.separator.encode(),
            entry=self.entry.encode(),
            assign=self.assign.encode(),
            time_header=(time.header or "").lower().encode() if time else b"",
            time_entry=(time.entry or "").encode() if time else b"",
            id_header=self.id_header.lower().encode(),
            template=template,
            body_only=template.body_only,
            decode=mac.decoder(self.encoding, mac.digest_size(self.algorithm)),
        )
        object.__setattr__(self, "_ready", ready)

    def _check(self, template: Template) -> None:
        has_time = Slot("timestamp") in template.slots
        has_id = Slot("id") in template.slots
        if not self.header:
            raise BadScheme("`header` is empty: where does the signature stand?")
        if has_time != (self.timestamp is not None):
            raise BadScheme(
                "`signed` has {timestamp}, so `timestamp` must say where it stands"
                if has_time
                else "`timestamp` is given, but `signed` has no {timestamp}: it would prove nothing"
            )
        if has_id != bool(self.id_header):
            raise BadScheme("`{id}` in `signed` and `id_header` belong together")
        if (self.entry or (self.timestamp and self.timestamp.entry)) and not self.assign:
            raise BadScheme("entries with names need `assign`")
        if self.timestamp and self.timestamp.entry and not (self.separator and self.entry):
            raise BadScheme("a timestamp in an entry needs `separator` and `entry`")

    def present(self, request: Request) -> bool:
        """Whether the signature header is there, be it good or bad."""
        return bool(request.headers.all(self._ready.header))

    def key(self, secret: Secret) -> Key:
        """Decodes a secret. Raises `BadKey` if it is unreadable, empty or under 16 bytes."""
        return key_bytes.decode(secret, self.key_encoding)

    def verify(
        self, request: Request, keys: Sequence[Key], now: float, context: Context
    ) -> Proof | Refusal:
        """Which key fits. The signature is judged before its time: only a true one can be stale."""
        ready = self._ready
        sent = single(request.headers, ready.header)
        if isinstance(sent, Refusal):
            return sent
        read = self._values(sent)
        if isinstance(read, Refusal):
            return read
        values, stamp = read
        candidates = list(filter(None, map(ready.decode, values)))
        if not candidates:
            return bad(f"the signature is not {self.algorithm} in {self.encoding}")
        parts = (request.body,) if ready.body_only else self._parts(request, stamp, context)
        if isinstance(parts, Refusal):
            return parts
        found = mac.fitting_key(keys, parts, self.algorithm, candidates)
        if found is None:
            return bad("the signature fits no secret")
        key, digest = found
        if self.timestamp is None:
            return Proof(self.name, key.label, None, digest if ready.body_only else b"")
        return self._in_time(self.timestamp, request, stamp, now, key.label)

    def _values(self, sent: bytes) -> tuple[Sequence[bytes], bytes] | Refusal:
        """The signatures in the header, still encoded, and the time if it stands among them."""
        ready = self._ready
        if not sent.startswith(ready.prefix):
            return bad("the signature does not begin as it should")
        sent = sent[len(ready.prefix) :]
        if not ready.separator and not ready.entry:
            return (sent,), b""
        entries = (
            [e.strip(b" \t") for e in sent.split(ready.separator)] if ready.separator else [sent]
        )
        if not ready.entry:
            return entries, b""
        named = [entry.partition(ready.assign) for entry in entries]
        values = [value for name, _, value in named if name == ready.entry]
        if not ready.time_entry:
            return values, b""
        stamps = [value for name, _, value in named if name == ready.time_entry]
        if len(stamps) != 1 or not stamps[0]:
            return bad("the signature header does not hold one time")
        return values, stamps[0]

    def _parts(self, request: Request, stamp: bytes, context: Context) -> Sequence[bytes] | Refusal:
        ready = self._ready
        time: bytes | Refusal = stamp
        if ready.time_header:
            time = single(request.headers, ready.time_header)
        own_id: bytes | Refusal = b""
        if ready.id_header:
            own_id = single(request.headers, ready.id_header)
        if isinstance(time, Refusal):
            return time
        if isinstance(own_id, Refusal):
            return own_id
        return ready.template.fill(request, time, own_id, context)

    def _in_time(
        self, time: Timestamp, request: Request, stamp: bytes, now: float, label: str
    ) -> Proof | Refusal:
        if self._ready.time_header:
            stamp = request.headers.one(self._ready.time_header) or b""
        signed_at = times.read(stamp, time.unit)
        if signed_at is None:
            return bad(f"the signed time is not written as {time.unit}")
        return times.outside(signed_at, now, time.tolerance) or Proof(self.name, label, signed_at)

    def covers(self, ref: str) -> bool:
        """Whether the template holds what `ref` names."""
        slots = self._ready.template.slots
        if ref.startswith("body"):
            return Slot("body") in slots
        name = ref.removeprefix("header.").lower()
        return ref.startswith("header.") and (
            Slot("header", name) in slots
            or (Slot("id") in slots and name == self.id_header.lower())
            or (
                Slot("timestamp") in slots
                and self.timestamp is not None
                and name == (self.timestamp.header or "").lower()
            )
        )

    def secret_headers(self) -> tuple[str, ...]:
        """None: a signature does not give its key away."""
        return ()

    def needs(self) -> tuple[str, ...]:
        """`url` and the options that the template names."""
        slots = self._ready.template.slots
        options = sorted(f"option.{slot.name}" for slot in slots if slot.kind == "option")
        return (*(["url"] if Slot("url") in slots else []), *options)
