"""Rules as functions: what a declaration says is written out as Python, each rule when the first event
that fits it comes.

Nothing a sender wrote can make it raise. A field that cannot be read is left out, and noted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.model.record import record
from gateway.providers.checks import written
from gateway.providers.declaration import Declaration, Field, Reading, Ref, Rule
from gateway.providers.fields import Put, is_plain, putter
from gateway.providers.places import Places, Seen, Values
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
                tests[key] = written(ref, test, places, to)
            needs.append(f"t{list(tests).index(key)}")
        choices.append(f"if {' and '.join(needs) or 'True'}: return {number}")
    places.write(to)
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
    return k21(values, out, unread)
    """
    to, places = Written("def read(seen):"), Places()
    kind = family(rule.to)
    known = fields_of((kind,))
    common = {name: one for name, one in declaration.fields.items() if name in known}
    lines = ["out, unread = {}, []"]
    for name, reading in {**common, **rule.fields}.items():
        if reading is not None:
            lines += _field(name, reading, places, to)
    time = rule.time or declaration.time
    put_time = putter("time", time, places) if time is not None else None
    end = _End(rule.to, put_time, SUBJECTS.get(kind, ()))
    lines.append(f"return {to.bind(end.normalized)}(values, out, unread)")
    places.write(to)
    for line in lines:
        to.line(line)
    return to.function("read")


def _field(name: str, reading: Reading, places: Places, to: Written) -> list[str]:
    """Nearly all fields are texts and stand where they are first looked for: no call for those."""
    put = f"{to.bind(putter(name, reading, places))}(values, out, unread)"
    if not (isinstance(reading, Field) and is_plain(reading)):
        return [put]
    value = f"v{places.slot(reading.at[0])}"
    return [f"if type({value}) is str and {value}: out[{to.bind(name)}] = {value}", f"else: {put}"]


@dataclass(frozen=True, slots=True)
class _End:
    """What follows on a rule's fields."""

    to: str
    time: Put | None
    subjects: Sequence[str]
    """The fields that can be its subject."""

    def normalized(self, values: Values, out: dict[str, object], unread: list[str]) -> Normalized:
        if "ref" in out:
            _settle(out)
        subject = None
        for name in self.subjects:
            value = out.get(name)
            if isinstance(value, str):
                subject = value
                break
        time = None
        if self.time is not None:
            when: dict[str, object] = {}
            self.time(values, when, unread)
            time = when.get("time")
        missed = tuple(dict.fromkeys(one for one in unread if one not in out)) if unread else ()
        return Normalized(self.to, out, subject, time if isinstance(time, str) else None, missed)


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
