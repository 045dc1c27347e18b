"""How fields are read, compiled to functions of the values at their places. A value that cannot be
understood is left out, and noted; nothing here raises.
"""

from collections.abc import Callable
from typing import Final

import orjson

from gateway.providers import kinds, money
from gateway.providers.checks import check
from gateway.providers.declaration import Field, Reading
from gateway.providers.places import MISSING, Places, Values, there
from gateway.providers.written import Written

Put = Callable[[Values, dict[str, object], list[str]], bool]
"""Reads one field into a mapping, or notes its name as one that could not be understood. True: it
gave a value."""


_NOT_OF_ONE_TEXT: Final = frozenset({"const", "minor", "decimal", "integer", "boolean"})


def written(name: str, field: Field, places: Places, to: Written) -> tuple[str, str] | None:
    """What can be written out of a field, for nearly all are texts and stand where they are first
    looked for: a condition, and the line that reads the field where it holds.
    None: nothing can."""
    if field.when or field.join or not field.at or field.kind in _NOT_OF_ONE_TEXT:
        return None
    value = f"v{places.slot(field.at[0])}"
    is_text = f"type({value}) is str and {value}"
    if field.kind == "text":
        return is_text, f"out[{to.bind(name)}] = {value}"
    understood = f"type(found := {to.bind(kinds.reader(field))}({value})) is str"
    return f"{is_text} and {understood}", f"out[{to.bind(name)}] = found"


def putter(name: str, reading: Reading, places: Places) -> Put:
    """Of several ways to read a field the first that gives a value counts."""
    if isinstance(reading, Field):
        return _guarded(name, reading, places)
    puts = tuple(_guarded(name, field, places) for field in reading)
    return lambda values, out, unread: any(put(values, out, unread) for put in puts)


def _guarded(name: str, field: Field, places: Places) -> Put:
    put = _put(name, field, places)
    guards = tuple(check(ref, test, places) for ref, test in field.when.items())
    if not guards:
        return put

    def guarded(values: Values, out: dict[str, object], unread: list[str]) -> bool:
        for holds in guards:
            if not holds(values):
                return False
        return put(values, out, unread)

    return guarded


def _put(name: str, field: Field, places: Places) -> Put:
    slots = tuple(places.slot(ref) for ref in field.at)
    if field.kind == "const":
        return _const(name, field)
    if field.kind in {"minor", "decimal"}:
        return _amount(name, field, slots, tuple(places.slot(ref) for ref in field.currency))
    if field.join:
        return _joined(name, field.join, slots)
    return _first(name, field, slots)


def _const(name: str, field: Field) -> Put:
    def put(_: Values, out: dict[str, object], __: list[str]) -> bool:
        out[name] = field.value
        return True

    return put


def _joined(name: str, joint: str, slots: tuple[int, ...]) -> Put:
    def put(values: Values, out: dict[str, object], _: list[str]) -> bool:
        parts = [kinds.text(values[slot]) for slot in slots]
        if not all(parts):
            return False
        out[name] = joint.join(part for part in parts if part)
        return True

    return put


def _first(name: str, field: Field, slots: tuple[int, ...]) -> Put:
    read = kinds.reader(field)

    def put(values: Values, out: dict[str, object], unread: list[str]) -> bool:
        for slot in slots:
            value = values[slot]
            if value is MISSING or value is None or value == "":
                continue
            understood = read(value)
            if understood is None:
                unread.append(name)
            elif understood is not kinds.NOTHING:
                out[name] = understood
                return True
        return False

    return put


def _amount(name: str, field: Field, slots: tuple[int, ...], currencies: tuple[int, ...]) -> Put:
    def put(values: Values, out: dict[str, object], unread: list[str]) -> bool:
        value = next((values[slot] for slot in slots if there(values[slot])), MISSING)
        if value is MISSING:
            return False
        codes = (kinds.currency(values[slot]) for slot in currencies)
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

    return put
