"""Who may come in, said a second time: slowly, by comparing texts, and without `gateway.verify`.

Of that package it reads nothing but the schemes' fields. It writes down what the right signature
looks like and compares; the product decodes what was sent. Where the two differ, one is wrong.
"""

import base64
import calendar
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.verify.base import Scheme
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token
from tests.fuzz.message import Pairs

EDGE = 0.002
"""Seconds around the end of a window within which this file has no opinion."""
Labeled = Sequence[tuple[str, bytes]]
"""Keys with their labels."""


@dataclass(frozen=True)
class Sent:
    """A request and what it is judged by."""

    pairs: Pairs
    body: bytes
    now: float
    method: str = "POST"
    url: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    def all(self, name: str) -> list[bytes]:
        """Every value of a header."""
        return [value for given, value in self.pairs if given.lower() == name.lower().encode()]

    def once(self, name: str) -> bytes | None:
        """A header that is there once, and is neither empty nor foreign."""
        found = self.all(name)
        good = len(found) == 1 and found[0] and max(found[0]) < 128
        return found[0] if good else None


def fitting(scheme: Scheme, keys: Labeled, sent: Sent) -> str | None:
    """The label of the first key that lets a request in; None: it stays outside."""
    match scheme:
        case Token():
            value = sent.once(scheme.header)
            head, rest = (value or b"")[: len(scheme.prefix)], (value or b"")[len(scheme.prefix) :]
            if not rest or head.lower() != scheme.prefix.lower().encode():
                return None
            return next((label for label, key in keys if key == rest), None)
        case Basic():
            return _basic(keys, sent)
        case Hmac() | StandardWebhooks():
            stamp = _stamp(scheme, sent)
            if stamp is not None and not _in_time(scheme, stamp, sent.now):
                return None
            for label, key in keys:
                right = signature(scheme, key, sent)
                if right and any(_same(scheme, piece, right) for piece in _pieces(scheme, sent)):
                    return label
    return None


def no_opinion(scheme: Scheme, sent: Sent) -> bool:
    """Whether the signed time stands so near to the window's end that rounding decides."""
    stamp = _stamp(scheme, sent)
    at = None if stamp is None else _seconds(stamp, _unit(scheme))
    return at is not None and abs(abs(sent.now - at) - _tolerance(scheme)) < EDGE


def signature(scheme: Scheme, key: bytes, sent: Sent) -> str | None:
    """The right signature as text, without what stands around it; None: nothing can be signed."""
    if isinstance(scheme, StandardWebhooks):
        family = _family(sent)
        id, stamp = sent.once(f"{family}-id"), sent.once(f"{family}-timestamp")
        if id is None or stamp is None:
            return None
        mac = hmac.new(key, b".".join((id, stamp, sent.body)), hashlib.sha256).digest()
        return base64.b64encode(mac).decode()
    if not isinstance(scheme, Hmac):
        return None
    signed = _signed(scheme, sent)
    if signed is None:
        return None
    mac = hmac.new(key, signed, scheme.algorithm).digest()
    if scheme.encoding == "hex":
        return mac.hex()
    encode = base64.b64encode if scheme.encoding == "base64" else base64.urlsafe_b64encode
    return encode(mac).decode()


# ---------------------------------------------------------------- parts


def _signed(scheme: Hmac, sent: Sent) -> bytes | None:
    parts: list[bytes] = []
    for index, piece in enumerate(re.split(r"(\{[a-z]+(?:\.[^{}]+)?\})", scheme.signed)):
        found = _placed(scheme, piece[1:-1], sent) if index % 2 else piece.encode()
        if found is None:
            return None
        parts.append(found)
    return b"".join(parts)


def _placed(scheme: Hmac, name: str, sent: Sent) -> bytes | None:
    kind, _, rest = name.partition(".")
    match kind:
        case "body":
            return sent.body
        case "timestamp":
            return _stamp(scheme, sent)
        case "id":
            return sent.once(scheme.id_header)
        case "url":
            return sent.url.encode()
        case "method":
            return sent.method.encode()
        case "header":
            return sent.once(rest)
        case _:
            option = sent.options.get(rest)
            return None if option is None else option.encode()


def _entries(scheme: Hmac, sent: Sent) -> list[bytes]:
    value = sent.once(scheme.header)
    if value is None or not value.startswith(scheme.prefix.encode()):
        return []
    value = value[len(scheme.prefix.encode()) :]
    if not scheme.separator:
        return [value]
    return [entry.strip(b" \t") for entry in value.split(scheme.separator.encode())]


def _named(scheme: Hmac, name: str, sent: Sent) -> list[bytes]:
    parts = [entry.split(scheme.assign.encode(), 1) for entry in _entries(scheme, sent)]
    return [b"".join(part[1:]) for part in parts if part[0] == name.encode()]


def _pieces(scheme: Hmac | StandardWebhooks, sent: Sent) -> list[bytes]:
    """What stands where a signature should stand."""
    if isinstance(scheme, StandardWebhooks):
        value = sent.once(f"{_family(sent)}-signature") or b""
        return [entry[3:] for entry in value.split(b" ") if entry.startswith(b"v1,")]
    if scheme.entry:
        return _named(scheme, scheme.entry, sent)
    return _entries(scheme, sent)


def _same(scheme: Hmac | StandardWebhooks, piece: bytes, right: str) -> bool:
    text = piece.decode("latin-1")
    if isinstance(scheme, Hmac) and scheme.encoding == "hex":
        return text.lower() == right
    if isinstance(scheme, Hmac) and scheme.encoding == "base64url":
        return text in (right, right.rstrip("="))
    return text == right


def _basic(keys: Labeled, sent: Sent) -> str | None:
    value = sent.once("authorization") or b""
    found = re.fullmatch(rb"[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+={0,2})", value)
    if found is None or len(found[1]) % 4:
        return None
    pair = base64.b64decode(found[1])
    return next((label for label, key in keys if key == pair), None)


def _family(sent: Sent) -> str:
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    return "webhook" if any(sent.all(name) for name in names) else "svix"


# ---------------------------------------------------------------- times


def _stamp(scheme: Scheme, sent: Sent) -> bytes | None:
    """The signed time as it was sent; empty: it should be there and is not. None: none is signed."""
    if isinstance(scheme, StandardWebhooks):
        return sent.once(f"{_family(sent)}-timestamp") or b""
    if not isinstance(scheme, Hmac) or scheme.timestamp is None:
        return None
    if scheme.timestamp.header:
        return sent.once(scheme.timestamp.header) or b""
    found = _named(scheme, scheme.timestamp.entry or "", sent)
    return found[0] if len(found) == 1 else b""


def _in_time(scheme: Scheme, stamp: bytes, now: float) -> bool:
    at = _seconds(stamp, _unit(scheme))
    return at is not None and abs(now - at) <= _tolerance(scheme)


def _unit(scheme: Scheme) -> str:
    return scheme.timestamp.unit if isinstance(scheme, Hmac) and scheme.timestamp else "s"


def _tolerance(scheme: Scheme) -> float:
    timed = scheme.timestamp if isinstance(scheme, Hmac) else scheme
    return getattr(timed, "tolerance", 0.0)


_WRITTEN = re.compile(
    rb"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,9})?(?:[Zz]|([+-])(\d\d):(\d\d))"
)


def _seconds(stamp: bytes, unit: str) -> float | None:
    if unit != "rfc3339":
        good = re.fullmatch(rb"[0-9]{1,15}", stamp)
        return int(stamp) / (1000 if unit == "ms" else 1) if good else None
    found = _WRITTEN.fullmatch(stamp)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= month <= 12 and 1 <= day <= days[month - 1] and year >= 1):
        return None
    east = int(found[9] or 0) * 60 + int(found[10] or 0)
    if hour > 23 or minute > 59 or second > 59 or east >= 24 * 60 or int(found[10] or 0) > 59:
        return None
    whole = calendar.timegm((year, month, day, hour, minute, second))
    shift = east * 60 if found[8] == b"+" else -east * 60
    return whole + float(found[7] or 0) - shift
