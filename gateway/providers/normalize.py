"""The interpreter of rules: a declaration is compiled once to closures, then asked for each event.

Nothing a sender wrote can make it raise. A field that cannot be read is left out, and noted.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.model.request import Headers
from gateway.providers import money, times
from gateway.providers.declaration import Declaration, Field, Reading, Ref, Rule
from gateway.providers.markers import ABSENT, PRESENT, ZEROS, Not, Prefix, Same, Test
from gateway.providers.vocabulary import OTHER, family, fields_of


@dataclass(frozen=True, slots=True)
class Seen:
    """What rules read: one item, the whole payload around it, the headers."""

    item: object
    root: object
    headers: Headers


class _Missing:
    """No value: not the same as null."""


MISSING: Final = _Missing()
Get = Callable[[Seen], object]
Check = Callable[[Seen], bool]
Put = Callable[[Seen, dict[str, object], list[str]], object]


@dataclass(frozen=True, slots=True)
class Normalized:
    """An event in our words."""

    type: str
    fields: dict[str, object]
    time: str | None
    unread: tuple[str, ...]
    """Fields whose values were there and could not be understood."""


# ---------------------------------------------------------------- places


def getter(ref: Ref) -> Get:
    """A reference as a function; `MISSING` where nothing is there."""
    if ref.startswith("header."):
        name = ref[7:].lower().encode()
        return lambda seen: seen.headers.text(name) or MISSING
    root = ref.startswith("root.")
    text = ref[5:] if root or ref.startswith("body.") else ref
    parts = tuple(
        part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")
    ) if text.startswith("/") else tuple(text.split("."))  # fmt: skip
    steps = tuple(
        (part, int(part) if part.isascii() and part.isdecimal() else -1) for part in parts
    )
    if root:
        return lambda seen: _walk(seen.root, steps)
    # Nearly all places are one or two keys deep, and are asked for at every event.
    if len(parts) == 1:
        return _one(parts[0], steps)
    if len(parts) == 2:
        return _two(parts[0], parts[1], steps)
    return lambda seen: _walk(seen.item, steps)


def _walk(here: object, steps: tuple[tuple[str, int], ...]) -> object:
    for key, number in steps:
        if type(here) is dict:
            here = here.get(key, MISSING)
        elif type(here) is list and 0 <= number < len(here):
            here = here[number]
        else:
            return MISSING
    return here


def _one(key: str, steps: tuple[tuple[str, int], ...]) -> Get:
    def get(seen: Seen) -> object:
        here = seen.item
        return here.get(key, MISSING) if type(here) is dict else _walk(here, steps)

    return get


def _two(first: str, second: str, steps: tuple[tuple[str, int], ...]) -> Get:
    def get(seen: Seen) -> object:
        here = seen.item
        if type(here) is dict:
            inner = here.get(first)
            if type(inner) is dict:
                return inner.get(second, MISSING)
        return _walk(here, steps)

    return get


def _there(value: object) -> bool:
    return value is not MISSING and value is not None and value != ""


# ---------------------------------------------------------------- tests


def _check(ref: Ref, test: Test) -> Check:
    get = getter(ref)
    if isinstance(test, str):
        return lambda seen: get(seen) == test
    if isinstance(test, Prefix):
        lead = test.text

        def begins(seen: Seen) -> bool:
            value = get(seen)
            return isinstance(value, str) and value.startswith(lead)

        return begins
    judge = _judge(test)
    return lambda seen: judge(get(seen), seen)


def _judge(test: Test) -> Callable[[object, Seen], bool]:
    if test is PRESENT:
        return lambda value, _: _there(value)
    if test is ABSENT:
        return lambda value, _: not _there(value)
    if test is ZEROS:
        return lambda value, _: isinstance(value, str) and _zeros(value)
    if isinstance(test, Prefix):
        return lambda value, _: isinstance(value, str) and value.startswith(test.text)
    if isinstance(test, Same):
        other = getter(test.at)
        return lambda value, seen: _there(value) and value == other(seen)
    if isinstance(test, Not):
        inner = _judge(test.test)
        return lambda value, seen: not inner(value, seen)
    if isinstance(test, tuple):
        return lambda value, _: any(_equal(value, one) for one in test)
    return lambda value, _: _equal(value, test)


def _equal(value: object, wanted: object) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def _zeros(text: str) -> bool:
    return len(text) >= 7 and not text.strip("0")


# ---------------------------------------------------------------- kinds


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:
        return int(value)
    return None


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


_HEX: Final = re.compile(r"[0-9A-Fa-f]+")


def _sha(value: object) -> str | None:
    if not isinstance(value, str) or not 7 <= len(value) <= 64:
        return None
    return value.lower() if _HEX.fullmatch(value) else None


def _currency(value: object) -> str | None:
    if not isinstance(value, str) or len(value) != 3:
        return None
    return value.upper() if value.isascii() and value.isalpha() else None


def _after(lead: str) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        return value[len(lead) :] if isinstance(value, str) and len(value) > len(lead) else None

    return read


def _tail(value: object) -> str | None:
    return value.partition("/")[2] or None if isinstance(value, str) else None


def _repo_url(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    _, slashes, rest = value.partition("://")
    path = rest.partition("/")[2] if slashes else value.partition(":")[2]
    return path.strip("/").removesuffix(".git") or None


def _ref(lead: str) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        if not isinstance(value, str) or not value:
            return None
        if lead:
            return value if value.startswith("refs/") else lead + value
        return value if value.startswith("refs/") else None

    return read


def _time(field: Field) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        if isinstance(value, str):
            return times.from_text(value, field.zone)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return times.from_number(value, field.unit)
        return None

    return read


def _map(field: Field) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        word = value if isinstance(value, str) else orjson.dumps(value).decode()
        return field.table.get(word) or field.otherwise or None

    return read


_PLAIN: Final[Mapping[str, Callable[[object], object]]] = {
    "text": _text,
    "integer": _integer,
    "boolean": _boolean,
    "sha": _sha,
    "currency": _currency,
    "branch": _after("refs/heads/"),
    "tag": _after("refs/tags/"),
    "tail": _tail,
    "repo_url": _repo_url,
}
_QUIET: Final = {"branch": "refs/heads/", "tag": "refs/tags/"}
"""What a ref of this kind begins with."""


# ---------------------------------------------------------------- fields


Take = Callable[[Seen, dict[str, object], list[str]], bool]
"""One way to read a field; true: it gave a value."""


def _reader(name: str, field: Field) -> Take:
    checks = tuple(_check(ref, test) for ref, test in field.when.items())
    if field.kind in {"minor", "decimal"}:
        take = _amount(name, field)
    elif field.kind == "const":
        take = _const(name, field)
    elif field.join:
        take = _joined(name, field)
    else:
        take = _first(name, field)
    if not checks:
        return take

    def guarded(seen: Seen, out: dict[str, object], unread: list[str]) -> bool:
        return all(check(seen) for check in checks) and take(seen, out, unread)

    return guarded


def _const(name: str, field: Field) -> Take:
    def take(_: Seen, out: dict[str, object], __: list[str]) -> bool:
        out[name] = field.value
        return True

    return take


def _joined(name: str, field: Field) -> Take:
    gets = tuple(getter(ref) for ref in field.at)

    def take(seen: Seen, out: dict[str, object], _: list[str]) -> bool:
        parts = [_text(get(seen)) for get in gets]
        if not all(parts):
            return False
        out[name] = field.join.join(part for part in parts if part)
        return True

    return take


def _first(name: str, field: Field) -> Take:
    gets = tuple(getter(ref) for ref in field.at)
    read = _kind(field)
    passed = _passed(field)

    def take(seen: Seen, out: dict[str, object], unread: list[str]) -> bool:
        for get in gets:
            value = get(seen)
            if value is MISSING or value is None or value == "":
                continue
            if passed is not None and passed(value):
                continue
            understood = read(value)
            if understood is not None:
                out[name] = understood
                return True
            unread.append(name)
        return False

    return take


def _passed(field: Field) -> Callable[[object], bool] | None:
    """Which values are no unreadable ones: the field is simply not there. None: no value is."""
    lead = _QUIET.get(field.kind, "")
    if lead:
        return lambda value: isinstance(value, str) and not value.startswith(lead)
    if field.kind == "sha":
        return lambda value: isinstance(value, str) and _zeros(value)
    return None


def _kind(field: Field) -> Callable[[object], object]:
    if field.kind == "time":
        return _time(field)
    if field.kind == "map":
        return _map(field)
    if field.kind == "ref":
        return _ref(field.lead)
    return _PLAIN[field.kind]


def _amount(name: str, field: Field) -> Take:
    gets = tuple(getter(ref) for ref in field.at)
    currencies = tuple(getter(ref) for ref in field.currency)

    def take(seen: Seen, out: dict[str, object], unread: list[str]) -> bool:
        value = next((found for found in (get(seen) for get in gets) if _there(found)), MISSING)
        if value is MISSING:
            return False
        codes = (_currency(get(seen)) for get in currencies)
        code = next((found for found in codes if found), None)
        amount = None
        if code is not None and field.kind == "minor":
            amount = money.from_minor(value, code, field.exponents)
        elif code is not None:
            amount = money.from_decimal(value, code)
        if field.kind == "decimal" and name == "amount" and isinstance(value, str | int | float):
            out["amount_raw"] = value if isinstance(value, str) else orjson.dumps(value).decode()
        if amount is None:
            unread.append(name)
            return False
        out[name] = amount
        return True

    return take


def _putter(name: str, reading: Reading) -> Put:
    ways = reading if isinstance(reading, tuple) else (reading,)
    takes = tuple(_reader(name, field) for field in ways)
    if len(takes) == 1:
        return takes[0]

    def put(seen: Seen, out: dict[str, object], unread: list[str]) -> None:
        for take in takes:
            if take(seen, out, unread):
                return

    return put


# ---------------------------------------------------------------- rules


_SHORT: Final = (("refs/heads/", "branch", "tag"), ("refs/tags/", "tag", "branch"))


@dataclass(frozen=True, slots=True)
class _Compiled:
    to: str
    checks: tuple[Check, ...]
    puts: tuple[Put, ...]
    time: Put | None


class Normalizer:
    """A declaration's rules, compiled."""

    def __init__(self, declaration: Declaration) -> None:
        self._by_word: dict[str, list[_Compiled]] = {}
        words = {word for rule in declaration.rules for word in rule.on}
        for word in words:
            self._by_word[word] = [
                _compile(rule, declaration)
                for rule in declaration.rules
                if not rule.on or word in rule.on
            ]
        self._any = [_compile(rule, declaration) for rule in declaration.rules if not rule.on]
        self._other = _compile(Rule(to=OTHER), declaration)

    def normalize(self, word: str, seen: Seen) -> Normalized:
        """The event in our words. word: the sender's own for it."""
        for rule in self._by_word.get(word, self._any):
            for check in rule.checks:
                if not check(seen):
                    break
            else:
                return _apply(rule, seen)
        return _apply(self._other, seen)


def _compile(rule: Rule, declaration: Declaration) -> _Compiled:
    known = fields_of((family(rule.to),))
    common = {name: reading for name, reading in declaration.fields.items() if name in known}
    readings = {**common, **rule.fields}
    time = rule.time or declaration.time
    return _Compiled(
        rule.to,
        tuple(_check(ref, test) for ref, test in rule.when.items()),
        tuple(_putter(name, reading) for name, reading in readings.items() if reading is not None),
        _putter("time", time) if time is not None else None,
    )


def _apply(rule: _Compiled, seen: Seen) -> Normalized:
    out: dict[str, object] = {}
    unread: list[str] = []
    for put in rule.puts:
        put(seen, out, unread)
    if "ref" in out:
        _settle(out)
    when: dict[str, object] = {}
    if rule.time is not None:
        rule.time(seen, when, unread)
    time = when.get("time")
    missed = tuple(dict.fromkeys(name for name in unread if name not in out)) if unread else ()
    return Normalized(rule.to, out, time if isinstance(time, str) else None, missed)


def _settle(out: dict[str, object]) -> None:
    """A ref has exactly one short name, its own; a ref that is no branch and no tag is left out."""
    ref = out["ref"]
    for lead, name, other in _SHORT:
        if isinstance(ref, str) and ref.startswith(lead) and len(ref) > len(lead):
            out[name] = ref[len(lead) :]
            out.pop(other, None)
            return
    for name in ("ref", "branch", "tag"):
        out.pop(name, None)
