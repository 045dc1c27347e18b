"""A declaration's rules read in the plainest way: rule by rule, field by field, each place walked
from its beginning. What `normalize` compiles must say the same of every event.
"""

import json

from gateway.model.request import Headers
from gateway.providers import kinds, money
from gateway.providers.declaration import Declaration, Field, Rule
from gateway.providers.markers import ABSENT, PRESENT, ZEROS, Not, Prefix, Same
from gateway.providers.pointers import steps
from gateway.providers.vocabulary import OTHER, SUBJECTS, family, fields_of

GONE = object()


class Plain:
    """One event, and what a reference finds in it."""

    def __init__(self, item: object, root: object, headers: Headers) -> None:
        self.item, self.root, self.headers = item, root, headers

    def at(self, ref: str) -> object:
        if ref.startswith("header."):
            return self.headers.text(ref[7:].lower().encode()) or GONE
        here = self.root if ref.startswith("root.") else self.item
        way = ref.removeprefix("root.").removeprefix("body.")
        for key in steps(way) if way.startswith("/") else way.split("."):
            if isinstance(here, dict) and key in here:
                here = here[key]
            elif isinstance(here, list) and key.isdecimal() and int(key) < len(here):
                here = here[int(key)]
            else:
                return GONE
        return here

    def holds(self, ref: str, test: object) -> bool:
        value = self.at(ref)
        there = value is not GONE and value not in (None, "")
        if isinstance(test, Not):
            return not self.holds(ref, test.test)
        if test in (PRESENT, ABSENT):
            return there is (test is PRESENT)
        if test is ZEROS:
            return isinstance(value, str) and len(value) >= 7 and set(value) == {"0"}
        if isinstance(test, Prefix):
            return isinstance(value, str) and value.startswith(test.text)
        if isinstance(test, Same):
            return there and value == self.at(test.at)
        wanted = test if isinstance(test, tuple) else (test,)
        return any(
            value == one and isinstance(value, bool) is isinstance(one, bool) for one in wanted
        )

    def all_hold(self, when: dict) -> bool:
        return all(self.holds(ref, test) for ref, test in when.items())


def normalized(declaration: Declaration, word: str, event: Plain) -> tuple:
    """type, fields, time and what could not be read."""
    known = {word for rule in declaration.rules for word in rule.on}
    for rule in (*declaration.rules, Rule(to=OTHER)):
        meant = not rule.on or word in rule.on
        if meant and (word in known or not rule.on) and event.all_hold(rule.when):
            return _read(declaration, rule, event)
    raise AssertionError


def _read(declaration: Declaration, rule: Rule, event: Plain) -> tuple:
    unread: list[str] = []
    common = {
        name: reading
        for name, reading in declaration.fields.items()
        if name in fields_of([family(rule.to)])
    }
    out: dict[str, object] = {}
    for name, reading in (common | dict(rule.fields)).items():
        if reading is not None:
            _field(name, reading, event, out, unread)
    if "ref" in out:
        short = {"refs/heads/": "branch", "refs/tags/": "tag"}
        ref = str(out["ref"])
        out.pop("branch", None), out.pop("tag", None)
        lead = next((one for one in short if ref.startswith(one) and ref != one), "")
        if lead:
            out[short[lead]] = ref.removeprefix(lead)
        else:
            del out["ref"]
    when: dict[str, object] = {}
    if rule.time or declaration.time:
        _field("time", rule.time or declaration.time, event, when, unread)
    subject = next((out[n] for n in SUBJECTS[family(rule.to)] if isinstance(out.get(n), str)), None)
    missed = tuple(dict.fromkeys(name for name in unread if name not in out))
    return rule.to, out, subject, when.get("time"), missed


def _field(name: str, reading: object, event: Plain, out: dict, unread: list) -> None:
    for field in reading if isinstance(reading, tuple) else (reading,):
        if event.all_hold(field.when):
            value = _value(name, field, event, out, unread)
            if value is not None:
                out[name] = value
                return


def _value(name: str, field: Field, event: Plain, out: dict, unread: list) -> object:
    found = [value for ref in field.at if (value := event.at(ref)) not in (GONE, None, "")]
    if field.kind == "const":
        return field.value
    if field.join:
        parts = [kinds.text(event.at(ref)) for ref in field.at]
        return field.join.join(parts) if all(parts) else None
    if field.kind in ("minor", "decimal"):
        return _amount(name, field, event, found, out, unread) if found else None
    for value in found:
        understood = kinds.reader(field)(value)
        if understood is None:
            unread.append(name)
        elif understood is not kinds.NOTHING:
            return understood
    return None


def _amount(
    name: str, field: Field, event: Plain, found: list, out: dict, unread: list
) -> int | None:
    codes = [code for ref in field.currency if (code := kinds.currency(event.at(ref)))]
    amount = None
    if codes and field.kind == "minor":
        amount = money.from_minor(found[0], codes[0], field.exponents)
    elif codes:
        amount = money.from_decimal(found[0], codes[0])
    if field.kind == "decimal" and name == "amount" and isinstance(found[0], str | int | float):
        out["amount_raw"] = found[0] if isinstance(found[0], str) else json.dumps(found[0])
    if amount is None:
        unread.append(name)
    return amount
