"""Rules as functions: what a declaration says is written out as Python, each rule when the first event
that fits it comes.

Nothing a sender wrote can make it raise. A field that cannot be read is left out, and noted.
"""

from collections.abc import Callable, Sequence

from gateway.model.record import record
from gateway.providers import checks
from gateway.providers.declaration import Declaration, Field, Reading, Ref, Rule
from gateway.providers.fields import putter, written
from gateway.providers.places import Places, Seen
from gateway.providers.vocabulary import OTHER, SUBJECTS, family, fields_of
from gateway.providers.written import Written


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
    """A declaration's rules as functions: one a word that chooses a rule, one a rule that reads."""

    __slots__ = ("_choose", "_declaration", "_read", "_rules", "_words")

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        # The first that fits counts, and the last fits everything.
        self._rules = (*declaration.rules, Rule(to=OTHER))
        self._words = frozenset(word for rule in declaration.rules for word in rule.on)
        self._choose: dict[str | None, Callable[[Seen], int]] = {}
        self._read: dict[int, Callable[[Seen], Normalized]] = {}

    def normalize(self, word: str, seen: Seen) -> Normalized:
        """The event in our words. word: the sender's own for it."""
        choose = self._choose.get(word) or self._chooser(word if word in self._words else None)
        number = choose(seen)
        read = self._read.get(number) or self._reader(number)
        return read(seen)

    def _chooser(self, word: str | None) -> Callable[[Seen], int]:
        """word: None for all that no rule names."""
        if word not in self._choose:
            fit = [(n, one) for n, one in enumerate(self._rules) if not one.on or word in one.on]
            self._choose[word] = _chooser(fit)
        return self._choose[word]

    def _reader(self, number: int) -> Callable[[Seen], Normalized]:
        self._read[number] = _reader(self._rules[number], self._declaration)
        return self._read[number]


def _chooser(rules: Sequence[tuple[int, Rule]]) -> Callable[[Seen], int]:
    """What gives the number of the first rule that fits. In part, for GitHub's push:

    t0 = type(v0) is str and v0.startswith(k3)
    t1 = v1 is True
    …
    if t0 and t1: return 0
    """
    to, places = Written("def choose(seen):"), Places()
    tests: dict[tuple[Ref, str], str] = {}
    """What any rule asks, once: by the test's text, since 1 is equal to true for Python."""
    choices = []
    for number, rule in rules:
        needs = []
        for ref, test in rule.when.items():
            key = (ref, repr(test))
            if key not in tests:
                tests[key] = checks.written(ref, test, places, to)
            needs.append(f"t{list(tests).index(key)}")
        choices.append(f"if {' and '.join(needs) or 'True'}: return {number}")
    places.write(to)
    if any("(values)" in expression for expression in tests.values()):
        to.line(f"values = {places.values}")
    for number, expression in enumerate(tests.values()):
        to.line(f"t{number} = {expression}")
    for choice in choices:
        to.line(choice)
    return to.function("choose")


def _reader(rule: Rule, declaration: Declaration) -> Callable[[Seen], Normalized]:
    """What reads the fields of an event that fits the rule. In part:

    out, unread = {}, []
    if type(v0) is str and v0: out[k9] = v0
    else: k10(values, out, unread)
    …
    if "ref" in out: k18(out)
    …
    return k21(k20, out, subject, time, k19(unread, out) if unread else ())
    """
    to, places = Written("def read(seen):"), Places()
    kind = family(rule.to)
    known = fields_of((kind,))
    common = {name: one for name, one in declaration.fields.items() if name in known}
    lines = ["out, unread = {}, []"]
    for name, reading in {**common, **rule.fields}.items():
        if reading is not None:
            lines += _field(name, reading, places, to)
    lines += _end(rule.to, rule.time or declaration.time, places, to)
    places.write(to)
    to.line(f"values = {places.values}")
    for line in lines:
        to.line(line)
    return to.function("read")


def _field(name: str, reading: Reading, places: Places, to: Written) -> list[str]:
    put = f"{to.bind(putter(name, reading, places))}(values, out, unread)"
    short = written(name, reading, places, to) if isinstance(reading, Field) else None
    return [put] if short is None else [f"if {short[0]}: {short[1]}", f"else: {put}"]


def _end(type: str, time: Reading | None, places: Places, to: Written) -> list[str]:
    """What follows on a rule's fields. The first field that is a text is the subject."""
    lines = [f'if "ref" in out: {to.bind(_settle)}(out)', "subject = None"]
    for name in SUBJECTS.get(family(type), ()):
        key = to.bind(name)
        lines.append(f"if subject is None and type(out.get({key})) is str: subject = out[{key}]")
    lines.append("time = None")
    if time is not None:
        lines += ["when = {}", f"{to.bind(putter('time', time, places))}(values, when, unread)"]
        lines.append('if type(when.get("time")) is str: time = when["time"]')
    missed = f"{to.bind(_missed)}(unread, out) if unread else ()"
    made = f"{to.bind(Normalized)}({to.bind(type)}, out, subject, time, {missed})"
    return [*lines, f"return {made}"]


def _missed(unread: list[str], out: dict[str, object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in unread if name not in out))


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
