"""Rules as functions: what a declaration says of one of a sender's words is written out as one Python
function when the first event of that word comes.

Nothing a sender wrote can make it raise. A field that cannot be read is left out, and noted.
"""

from collections.abc import Callable, Iterator, Sequence
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
    """A declaration's rules, compiled for each of the sender's words as it comes."""

    __slots__ = ("_declaration", "_rules", "_words")

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        self._words = frozenset(word for rule in declaration.rules for word in rule.on)
        self._rules: dict[str | None, Callable[[Seen], Normalized]] = {}

    def normalize(self, word: str, seen: Seen) -> Normalized:
        """The event in our words. word: the sender's own for it."""
        rules = self._rules.get(word) or self._of(word if word in self._words else None)
        return rules(seen)

    def _of(self, word: str | None) -> Callable[[Seen], Normalized]:
        """The rules for a word; None: for all that no rule names."""
        if word not in self._rules:
            self._rules[word] = _Writer(self._declaration, word).function()
        return self._rules[word]


class _Writer:
    """Writes out the rules for one word. Of GitHub's push, in part:

    t0 = type(v0) is str and v0.startswith(k3)
    t1 = v1 is True
    …
    if t0 and t1:
        out, unread = {}, []
        if type(v2) is str and v2: out[k9] = v2
        else: k10(values, out, unread)
        …
        return k21(values, out, unread)
    """

    def __init__(self, declaration: Declaration, word: str | None) -> None:
        self._declaration = declaration
        self._written = Written("def rules(seen):")
        self._places = Places()
        self._tests: dict[tuple[Ref, str], str] = {}
        """What any rule asks, once: by the test's text, since 1 is equal to true for Python."""
        fit = [rule for rule in declaration.rules if not rule.on or word in rule.on]
        # The first that fits counts, and the last fits everything.
        self._blocks = [
            (self._condition(rule), list(self._block(rule))) for rule in (*fit, Rule(to=OTHER))
        ]

    def function(self) -> Callable[[Seen], Normalized]:
        """The rules as a function: places first, then tests, then one block a rule."""
        line = self._written.line
        self._places.write(self._written)
        for number, test in enumerate(self._tests.values()):
            line(f"t{number} = {test}")
        for condition, block in self._blocks:
            line(f"if {condition}:")
            for text in block:
                line(text, depth=2)
        return self._written.function("rules")

    def _condition(self, rule: Rule) -> str:
        needs = []
        for ref, test in rule.when.items():
            key = (ref, repr(test))
            if key not in self._tests:
                self._tests[key] = written(ref, test, self._places, self._written)
            needs.append(f"t{list(self._tests).index(key)}")
        return " and ".join(needs) or "True"

    def _block(self, rule: Rule) -> Iterator[str]:
        kind = family(rule.to)
        known = fields_of((kind,))
        common = {name: one for name, one in self._declaration.fields.items() if name in known}
        yield "out, unread = {}, []"
        for name, reading in {**common, **rule.fields}.items():
            if reading is not None:
                yield from self._field(name, reading)
        time = rule.time or self._declaration.time
        put_time = putter("time", time, self._places) if time is not None else None
        end = _End(rule.to, put_time, SUBJECTS.get(kind, ()))
        yield f"return {self._written.bind(end.normalized)}(values, out, unread)"

    def _field(self, name: str, reading: Reading) -> Iterator[str]:
        """Nearly all fields are texts and stand where they are first looked for: no call for those."""
        put = f"{self._written.bind(putter(name, reading, self._places))}(values, out, unread)"
        if isinstance(reading, Field) and is_plain(reading):
            value = f"v{self._places.slot(reading.at[0])}"
            yield f"if type({value}) is str and {value}: out[{self._written.bind(name)}] = {value}"
            yield f"else: {put}"
        else:
            yield put


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
