"""The interpreter of rules: a declaration is compiled once to functions, then asked for each event.

Nothing a sender wrote can make it raise. A field that cannot be read is left out, and noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.model.record import record
from gateway.providers.checks import Check, check
from gateway.providers.declaration import Declaration, Ref, Rule
from gateway.providers.fields import Put, putter, putters
from gateway.providers.places import Places, Seen, Values
from gateway.providers.vocabulary import OTHER, SUBJECTS, family, fields_of


@record
class Normalized:
    """An event in our words."""

    type: str
    fields: dict[str, object]
    subject: str | None
    time: str | None
    unread: tuple[str, ...]
    """Fields whose values were there and could not be understood."""


class Normalizer:
    """A declaration's rules, compiled for each of the sender's words."""

    def __init__(self, declaration: Declaration) -> None:
        words = {word for rule in declaration.rules for word in rule.on}
        self._by_word = {word: _Rules(declaration, word) for word in words}
        self._any = _Rules(declaration, None)

    def normalize(self, word: str, seen: Seen) -> Normalized:
        """The event in our words. word: the sender's own for it."""
        return self._by_word.get(word, self._any).apply(seen)


class _Rules:
    """The rules for one word; None: for any that no rule names. The first that fits counts.

    Rules for one word ask much the same of it: what any of them asks is asked once, and the answers
    are the bits of a number.
    """

    __slots__ = ("_checks", "_places", "_rules")

    def __init__(self, declaration: Declaration, word: str | None) -> None:
        self._places = Places()
        self._checks: dict[tuple[Ref, str], tuple[int, Check]] = {}
        fit = [rule for rule in declaration.rules if not rule.on or word in rule.on]
        self._rules = [
            (self._needs(rule), _compile(rule, declaration, self._places))
            for rule in (*fit, Rule(to=OTHER))
        ]

    def _needs(self, rule: Rule) -> int:
        needs = 0
        for ref, test in rule.when.items():
            asked = (ref, repr(test))  # as Python sees it 1 is equal to true
            if asked not in self._checks:
                self._checks[asked] = (1 << len(self._checks), check(ref, test, self._places))
            needs |= self._checks[asked][0]
        return needs

    def apply(self, seen: Seen) -> Normalized:
        values = self._places.read(seen)
        held = 0
        for bit, holds in self._checks.values():
            if holds(values):
                held |= bit
        for needs, rule in self._rules:
            if needs & held == needs:
                return _apply(rule, values)
        raise AssertionError("the last rule fits everything")


@dataclass(frozen=True, slots=True)
class _Compiled:
    to: str
    puts: Sequence[Put]
    time: Put | None
    subjects: Sequence[str]
    """The fields that can be its subject."""


def _compile(rule: Rule, declaration: Declaration, places: Places) -> _Compiled:
    kind = family(rule.to)
    known = fields_of((kind,))
    common = {name: reading for name, reading in declaration.fields.items() if name in known}
    readings = {**common, **rule.fields}
    time = rule.time or declaration.time
    return _Compiled(
        rule.to,
        putters({name: one for name, one in readings.items() if one is not None}, places),
        putter("time", time, places) if time is not None else None,
        SUBJECTS.get(kind, ()),
    )


def _apply(rule: _Compiled, values: Values) -> Normalized:
    out: dict[str, object] = {}
    unread: list[str] = []
    for put in rule.puts:
        put(values, out, unread)
    if "ref" in out:
        _settle(out)
    subject = None
    for name in rule.subjects:
        value = out.get(name)
        if isinstance(value, str):
            subject = value
            break
    when: dict[str, object] = {}
    if rule.time is not None:
        rule.time(values, when, unread)
    time = when.get("time")
    missed = tuple(dict.fromkeys(name for name in unread if name not in out)) if unread else ()
    return Normalized(rule.to, out, subject, time if isinstance(time, str) else None, missed)


def _settle(out: dict[str, object]) -> None:
    """A ref has exactly one short name, its own; a ref that is no branch and no tag is left out."""
    ref = str(out["ref"])
    out.pop("branch", None)
    out.pop("tag", None)
    if ref.startswith("refs/heads/") and len(ref) > 11:
        out["branch"] = ref[11:]
    elif ref.startswith("refs/tags/") and len(ref) > 10:
        out["tag"] = ref[10:]
    else:
        del out["ref"]
