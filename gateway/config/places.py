"""Where in the file a character of a scalar stands: behind quotes, escapes, indentation and folds.

Pure text work; which places are wrong is for others to say.
"""

import re
from typing import Final

_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)*")
"""Anchor and tag, which a node's text begins with."""
_HEX: Final = {"x": 2, "u": 4, "U": 8}
"""Digits behind an escape (YAML 1.2, 5.7); other escapes are one character."""


def inside(raw: str, value: str, position: int) -> tuple[int, int]:
    """Lines and characters from a scalar's start to a character of its value.

    raw: the scalar as the file has it, from its first character on. value: what YAML reads from it.
    position: characters into the value. With no line between, the characters count from the
    scalar's start, else from that line's start.
    """
    found = _PROPERTIES.match(raw)
    at = found.end() if found else 0
    style = raw[at : at + 1]
    if style in {"|", ">"}:
        end = raw.find("\n", at)
        at = len(raw) if end < 0 else end + 1
    elif style in {"'", '"'}:
        at += 1
    for letter in value[:position]:
        at = _after(raw, at, letter, style)
    if value[position : position + 1].strip():
        at = _over_space(raw, at)
    lines = raw.count("\n", 0, at)
    return lines, at - (raw.rfind("\n", 0, at) + 1) if lines else at


def _after(raw: str, at: int, letter: str, style: str) -> int:
    """Behind the character that `letter` was read from."""
    if letter.isspace() and raw[at : at + 1].isspace():
        return at + 1
    if style == '"' and raw.startswith("\\\n", _over_space(raw, at)):
        at = _over_space(raw, _over_space(raw, at) + 1)  # a line that goes on
    if not letter.isspace():
        at = _over_space(raw, at)
    if style == "'" and letter == "'":
        return at + 2
    if style == '"' and raw[at : at + 1] == "\\":
        return at + 2 + _HEX.get(raw[at + 1 : at + 2], 0)
    return at + 1


def _over_space(raw: str, at: int) -> int:
    while raw[at : at + 1].isspace():
        at += 1
    return at
