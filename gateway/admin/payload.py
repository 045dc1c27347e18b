"""Hostile bytes as text a person can read: JSON with line breaks, raw, hex. Pure, and bounded.

Nothing here changes a value: numbers, doubled keys and escapes are shown as they were sent. What
could deceive an eye (control and direction characters) is shown by its number.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl

import orjson

SHOWN: Final = 200_000
"""Bytes of a body that a page shows; the whole is one link away."""
_HEX_SHOWN: Final = 16 * 1024
_DEEPEST: Final = 24
"""Levels that are indented; deeper ones stay at this column, so that nesting cannot blow up a page."""
_FORM: Final = "application/x-www-form-urlencoded"
_PAIRS: Final = 1000

ViewName = Literal["json", "raw", "hex"]
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class View:
    """A body as one page shows it."""

    name: ViewName
    text: str
    cut: bool
    """There is more than is shown."""
    note: str = ""
    """Why it is not shown as asked; empty: it is."""


def view(body: bytes, content_type: str, asked: str) -> View:
    """A body as asked (`json`, `raw`, `hex`); anything else: as JSON if it is some."""
    if asked == "hex":
        return View("hex", "\n".join(_hex_lines(body[:_HEX_SHOWN])), len(body) > _HEX_SHOWN)
    if asked != "raw":
        parsed = _form(body, content_type) or _json(body)
        if parsed is not None:
            return parsed
    text, exact = _text(body[:SHOWN])
    notes = []
    if asked == "json":
        notes.append("This is not JSON, so it is shown as it came.")
    if not exact:
        notes.append("Bytes that are not UTF-8 are shown as \\x…")
    return View("raw", text, len(body) > SHOWN, " ".join(notes))


def visible(text: str) -> str:
    """Text with its unprintable, joining and direction-changing characters shown by number."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in "\n\t" or not _hidden(one) else _escaped(one) for one in text)


def _hidden(one: str) -> bool:
    # Cc control, Cf format (direction marks, zero-width), Cs surrogates, Zl and Zp line ends.
    return unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _escaped(one: str) -> str:
    code = ord(one)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _text(body: bytes) -> tuple[str, bool]:
    try:
        return visible(body.decode()), True
    except UnicodeDecodeError as error:
        # A cut inside the last character is no flaw of the sender's.
        if error.start >= len(body) - 3 and len(body) == SHOWN:
            return visible(body[: error.start].decode()), True
        return visible(body.decode("utf-8", "backslashreplace")), False


def _json(body: bytes) -> View | None:
    shown = body[:SHOWN]
    cut = len(body) > SHOWN
    if cut:
        if shown.lstrip()[:1] not in {b"{", b"["}:
            return None
    else:
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError:
            return None
    text, long = _indented(_text(shown)[0])
    return View("json", text, cut or long)


def _form(body: bytes, content_type: str) -> View | None:
    if content_type.split(";", maxsplit=1)[0].strip().lower() != _FORM:
        return None
    text = body[:SHOWN].decode("utf-8", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_PAIRS)
    except ValueError:
        return None
    lines = []
    for name, value in pairs:
        inner = _json(value.encode("utf-8", "replace")) if value[:1] in {"{", "["} else None
        lines.append(f"{visible(name)} = {inner.text if inner else visible(value)}")
    joined = "\n".join(lines)
    return View("json", joined[: SHOWN * 2], len(body) > SHOWN or len(joined) > SHOWN * 2)


def _indented(text: str) -> tuple[str, bool]:
    """JSON text with line breaks, its tokens untouched; and whether it was cut."""
    parts: list[str] = []
    depth = length = 0
    tokens = _TOKEN.findall(text)
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else ""
        before = tokens[place - 1] if place else ""
        piece = token
        if token in {"{", "["}:
            depth += 1
            if following not in {"}", "]"}:
                piece += _line(depth)
        elif token in {"}", "]"}:
            depth = max(0, depth - 1)
            if before not in {"{", "["}:
                piece = _line(depth) + token
        elif token == ",":
            piece += _line(depth)
        elif token == ":":
            piece += " "
        parts.append(piece)
        length += len(piece)
        if length > SHOWN * 3:
            return "".join(parts), True
    return "".join(parts), False


def _line(depth: int) -> str:
    return "\n" + "  " * min(depth, _DEEPEST)


def _hex_lines(body: bytes) -> Iterator[str]:
    for start in range(0, len(body), 16):
        row = body[start : start + 16]
        digits = f"{row[:8].hex(' ')}  {row[8:].hex(' ')}"
        printed = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:08x}  {digits:<48}  {printed}"
