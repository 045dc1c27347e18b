"""Texts with a unit become numbers; `${NAME}` and `file:` become what they stand for.

Durations are seconds, sizes are bytes, rates are per second. The environment is an argument.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A header's name (RFC 9110, 5.1)."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""Names of sources, routes and targets."""

_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LONGEST: Final = 36_500 * 86_400.0
"""A hundred years: times beyond it are slips, and do not fit a date."""
_SIZE: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s?(B|KB|MB|GB|KiB|MiB|GiB)")
_BYTES: Final = {
    "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
}  # fmt: skip
_RATE: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)/(s|m|h)")
_VARIABLE: Final = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\})?")


def duration(text: str) -> float:
    """Seconds. Raises `ValueError` with what is taken."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no duration; write it like 500ms, 5s, 5m, 24h or 30d")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if not 0 < seconds <= _LONGEST:
        raise ValueError(f"{text!r} is no time to wait; from 1ms to 36500d are taken")
    return seconds


def size(text: str) -> int:
    """Bytes. Raises `ValueError` with what is taken."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is no size; write it like 64KiB, 25MB or 512MiB")
    return int(float(found[1]) * _BYTES[found[2]])


def rate(text: str) -> float:
    """Events a second. Raises `ValueError` with what is taken."""
    found = _RATE.fullmatch(text)
    if not found or float(found[1]) <= 0:
        raise ValueError(f"{text!r} is no rate; write it like 100/s or 600/m")
    return float(found[1]) / _SECONDS[found[2]]


class BadVariable(ValueError):
    """A `${…}` that stands for nothing: unset or empty without a default, or not written so.

    hint: what to do. position: characters into the text.
    """

    def __init__(self, message: str, hint: str, position: int) -> None:
        super().__init__(message)
        self.hint = hint
        self.position = position


class Substituted(str):
    """A text that was one variable: it may become the number or truth value its field wants."""

    __slots__ = ()


def substitute(text: str, environ: Mapping[str, str]) -> str:
    """Puts variables in, once: what a variable holds is not looked at again.

    `${NAME}`, `${NAME:-default}` (an empty variable counts as unset), `$${` for a literal `${`.
    Raises `BadVariable`.
    """

    def value(found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        if found[1] is None:
            hint = "write ${NAME}, ${NAME:-default}, or $${ for the two signs"
            raise BadVariable("`${` without a name and `}`", hint, found.start())
        held = environ.get(found[1], "")
        if held:
            return held
        if found[2] is not None:
            return found[3]
        message = f"environment variable {found[1]} is not set (or empty)"
        raise BadVariable(message, f"set it, or write ${{{found[1]}:-a default}}", found.start())

    if "$" not in text:
        return text
    put_in = _VARIABLE.sub(value, text)
    return Substituted(put_in) if _VARIABLE.fullmatch(text) else put_in


@dataclass(frozen=True, slots=True)
class SecretText:
    """A secret's value with the name we call it by."""

    label: str
    value: bytes
    literal: bool = False
    """Written in the file itself: `check` warns."""

    def __repr__(self) -> str:
        return f"SecretText({self.label!r})"


def secret(text: str, number: int, environ: Mapping[str, str], folder: Path) -> SecretText:
    """Reads a secret: `file:`, `credential:`, `${NAME}` or, with a warning, a literal.

    number: its place in the list, from 1. folder: what relative files count from. Raises
    `ValueError` with what to do; the message never holds a value.
    """
    if text.startswith("file:"):
        path = folder / substitute(text[5:], environ)
        return SecretText(path.name, _read(path))
    if text.startswith("credential:"):
        held = environ.get("CREDENTIALS_DIRECTORY", "")
        if not held:
            raise ValueError(
                f"{text}: systemd gave no credentials; is LoadCredential= in the service?"
            )
        return SecretText(text[11:], _read(Path(held) / text[11:]))
    named = _VARIABLE.search(text)
    value = os.fsencode(substitute(text, environ))  # the very bytes of the environment
    if named and named[1]:
        # Where the variable is unset, the default that stands in the file is the secret.
        return SecretText(named[1], value, literal=not environ.get(named[1]))
    return SecretText(f"#{number}", value, literal=True)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().removesuffix(b"\n").removesuffix(b"\r")
    except OSError as error:
        raise ValueError(f"cannot read the secret file {path}: {error.strerror}") from None
    except ValueError:  # a NUL in the name
        raise ValueError(f"{str(path)!r} is no file name") from None
