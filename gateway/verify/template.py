"""What a signature covers, as a template over raw bytes, compiled once.

`{body}` `{timestamp}` `{id}` `{url}` `{method}` `{header.X-Name}` `{option.name}` are replaced;
every other byte stands for itself. What was sent goes in exactly as it was sent.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.request import Request
from gateway.verify.base import BadScheme, Context, Refusal
from gateway.verify.headers import bad, single

_SLOT = re.compile(r"\{([a-z]+)(?:\.([^{}]+))?\}")
_PLAIN = frozenset({"body", "timestamp", "id", "url", "method"})
_NAMED = frozenset({"header", "option"})


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder. `name` is a header's (lower case) or an option's."""

    kind: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    segments: tuple[bytes | Slot, ...]
    slots: frozenset[Slot]

    @property
    def body_only(self) -> bool:
        """Whether it is the body and nothing else: the commonest by far."""
        return self.segments == (Slot("body"),)

    def fill(
        self, request: Request, timestamp: bytes, id: bytes, context: Context
    ) -> Sequence[bytes] | Refusal:
        """The signed bytes, in parts."""
        parts: list[bytes] = []
        for segment in self.segments:
            if isinstance(segment, bytes):
                parts.append(segment)
                continue
            value = _value(segment, request, timestamp, id, context)
            if isinstance(value, Refusal):
                return value
            parts.append(value)
        return parts


def compile_template(text: str) -> Template:
    """Reads a template. Raises `BadScheme` for a placeholder that does not exist."""
    segments: list[bytes | Slot] = []
    at = 0
    for match in _SLOT.finditer(text):
        kind, name = match[1], match[2] or ""
        if kind not in (_NAMED if name else _PLAIN):
            raise BadScheme(f"`signed` has no placeholder {match[0]}")
        if match.start() > at:
            segments.append(text[at : match.start()].encode())
        segments.append(Slot(kind, name.lower() if kind == "header" else name))
        at = match.end()
    if at < len(text):
        segments.append(text[at:].encode())
    slots = frozenset(segment for segment in segments if isinstance(segment, Slot))
    if not slots - {slot for slot in slots if slot.kind in ("url", "method", "option")}:
        raise BadScheme("`signed` covers nothing that is sent: it needs {body}, {id}, …")
    return Template(tuple(segments), slots)


def _value(
    slot: Slot, request: Request, timestamp: bytes, id: bytes, context: Context
) -> bytes | Refusal:
    match slot.kind:
        case "body":
            return request.body
        case "timestamp":
            return timestamp
        case "id":
            return id
        case "url":
            return context.url.encode()
        case "method":
            return request.method.encode()
        case "header":
            return single(request.headers, slot.name.encode())
        case _:
            value = (context.options or {}).get(slot.name)
            return bad(f"the option {slot.name} is not set") if value is None else value.encode()
