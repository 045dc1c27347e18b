"""The interpreter of rules: a declaration is compiled once to closures, then asked for each event.

Nothing a sender wrote can make it raise. A field that cannot be read is left out, and noted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.model.record import record
from gateway.providers import kinds, money
from gateway.providers.declaration import Declaration, Field, Reading, Ref, Rule
from gateway.providers.markers import ABSENT, PRESENT, ZEROS, Not, Prefix, Same, Test
from gateway.providers.places import MISSING, Seen, getter, there
from gateway.providers.vocabulary import OTHER, family, fields_of

Check = Callable[[Seen], bool]
Put = Callable[[Seen, dict[str, object], list[str]], object]


@record
class Normalized:
    """An event in our words."""

    type: str
    fields: dict[str, object]
    time: str | None
    unread: tuple[str, ...]
    """Fields whose values were there and could not be understood."""


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
        return lambda value, _: there(value)
    if test is ABSENT:
        return lambda value, _: not there(value)
    if test is ZEROS:
        return lambda value, _: isinstance(value, str) and kinds.zeros(value)
    if isinstance(test, Prefix):
        return lambda value, _: isinstance(value, str) and value.startswith(test.text)
    if isinstance(test, Same):
        other = getter(test.at)
        return lambda value, seen: there(value) and value == other(seen)
    if isinstance(test, Not):
        inner = _judge(test.test)
        return lambda value, seen: not inner(value, seen)
    if isinstance(test, tuple):
        return lambda value, _: any(_equal(value, one) for one in test)
    return lambda value, _: _equal(value, test)


def _equal(value: object, wanted: object) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


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
        parts = [kinds.text(get(seen)) for get in gets]
        if not all(parts):
            return False
        out[name] = field.join.join(part for part in parts if part)
        return True

    return take


def _first(name: str, field: Field) -> Take:
    gets = tuple(getter(ref) for ref in field.at)
    read = kinds.reader(field)
    passed = kinds.quiet(field)

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


def _amount(name: str, field: Field) -> Take:
    gets = tuple(getter(ref) for ref in field.at)
    currencies = tuple(getter(ref) for ref in field.currency)

    def take(seen: Seen, out: dict[str, object], unread: list[str]) -> bool:
        value = next((found for found in (get(seen) for get in gets) if there(found)), MISSING)
        if value is MISSING:
            return False
        codes = (kinds.currency(get(seen)) for get in currencies)
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
