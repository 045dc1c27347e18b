"""Rules compiled for speed say of every event what the rules read plainly say: for the senders
shipped with broken samples, and for any declaration with any payload.
"""

import copy
import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import providers
from gateway.model.request import Headers
from gateway.providers import sampling
from gateway.providers.declaration import Declaration, Field, Rule
from gateway.providers.markers import ABSENT, PRESENT, ZEROS, Not, Prefix, Same
from gateway.providers.normalize import Normalizer
from gateway.providers.places import Seen
from tests.providers.plainly import Plain, normalized

ODD = "/'\"\\\n    raise OSError  # {é}"
"""A key that would be heard of if what is written out held the declaration's own texts."""
REFS = st.sampled_from(
    ["/a", "/b", "/a/b", "/a/0", "/a/0/b", "/a/1", "/a/01", "/", "body.a.b", "body./b/a",
     "root./a", "root./a/0/b", "header.X-A", "header.x-b", ODD, f"/a{ODD}/b"]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["", "a", "1", "refs/heads/a", "refs/tags/a", "refs/heads/", "0" * 40, ODD[1:]]
)
SCALARS = TEXTS | st.sampled_from([1, 0, True, False, 1.0, 250])
PAYLOADS = st.recursive(
    SCALARS | st.none() | st.sampled_from(["EUR", "12.50", "2026-01-05T09:30:00Z", "a1b2c3d"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "0", "1", "", ODD[1:]]), inner)
    ),
    max_leaves=12,
)
TESTS = st.recursive(
    SCALARS | st.lists(SCALARS, min_size=1, max_size=3).map(tuple)
    | st.sampled_from([PRESENT, ABSENT, ZEROS, Prefix("refs/heads/"), Prefix(ODD[1:])]) | REFS.map(Same),
    lambda inner: inner.map(Not),
    max_leaves=2,
)  # fmt: skip
WHEN = st.dictionaries(REFS, TESTS, max_size=2)
KINDS = st.sampled_from(
    ["text", "text", "integer", "boolean", "time", "minor", "decimal", "currency", "sha", "map",
     "const", "ref", "branch", "tag", "tail", "repo_url"]
)  # fmt: skip
FIELDS = st.builds(
    Field,
    at=st.lists(REFS, min_size=1, max_size=3).map(tuple),
    kind=KINDS,
    when=WHEN,
    value=st.just(1),
    table=st.just({"a": "b", "1": "c", "true": "d"}),
    currency=st.lists(REFS, max_size=2).map(tuple),
    lead=st.sampled_from(["", "refs/heads/"]),
)
JOINED = st.builds(Field, at=st.lists(REFS, min_size=1, max_size=3).map(tuple), join=st.just(":"))
TIMES = st.none() | st.builds(
    Field, at=FIELDS.map(lambda one: one.at), kind=st.just("time"), when=WHEN
)
READINGS = FIELDS | JOINED | st.lists(FIELDS, min_size=1, max_size=2).map(tuple)
NAMES = st.sampled_from(["id", "url", "ref", "branch", "tag", "sha", "amount", "reference"])
WORDS = st.sampled_from(["push", "paid", "", ODD])
RULES = st.builds(
    Rule,
    to=st.sampled_from(["vcs.push", "payment.succeeded", "other"]),
    on=st.lists(WORDS, max_size=2).map(tuple),
    when=WHEN,
    fields=st.dictionaries(NAMES, READINGS | st.none(), max_size=5),
    time=TIMES,
)
DECLARATIONS = st.builds(
    Declaration,
    name=st.just("made"),
    title=st.just("Made"),
    docs=st.just(""),
    ways=st.just(()),
    id=st.just(()),
    event=st.just(()),
    rules=st.lists(RULES, max_size=5).map(tuple),
    fields=st.dictionaries(NAMES, READINGS, max_size=4),
    time=TIMES,
)


def compare(declaration: Declaration, normalizer: Normalizer, word: str, seen: Seen) -> None:
    found = normalizer.normalize(word, seen)
    plain = normalized(declaration, word, Plain(seen.item, seen.root, seen.headers))
    assert (found.type, found.fields, found.subject, found.time, found.unread) == plain
    assert all(type(value) is type(plain[1][name]) for name, value in found.fields.items())


@settings(deadline=None)
@given(DECLARATIONS, PAYLOADS, PAYLOADS, WORDS, TEXTS)
def test_any_declaration_reads_any_payload_as_it_says(
    declaration: Declaration, item: object, root: object, word: str, header: str
) -> None:
    headers = Headers(((b"X-A", header.encode()), (b"X-B", b"1"), (b"x-b", b"2")))
    seen = Seen(item, root, headers)
    compare(declaration, Normalizer(declaration), word, seen)


ALL = {name: providers.load(name) for name in providers.names()}
NORMALIZERS = {name: Normalizer(declaration) for name, declaration in ALL.items()}


def places(value: object, at: tuple = ()) -> Iterator[tuple]:
    if at:
        yield at
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in inner:
            yield from places(child, (*at, key))


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_the_senders_shipped_read_broken_samples_as_they_say(
    name: str, data: st.DataObject
) -> None:
    sample = data.draw(st.sampled_from([s for s in sampling.load(name) if s.body[:1] in b"{["]))
    body = json.loads(sample.body)
    for _ in range(data.draw(st.integers(0, 3))):
        *way, last = data.draw(st.sampled_from(list(places(body))))
        here = body
        for key in way:
            here = here[key]
        here[last] = data.draw(PAYLOADS.map(copy.deepcopy))
    words = sorted({word for rule in ALL[name].rules for word in rule.on})
    headers = Headers(tuple((k.encode(), v.encode()) for k, v in sample.headers))
    word = data.draw(st.sampled_from(words))
    compare(ALL[name], NORMALIZERS[name], word, Seen(body, body, headers))


@pytest.mark.parametrize(("value", "type"), [(1, "vcs.push"), (True, "payment.succeeded")])
def test_rules_that_ask_for_1_and_for_true_are_told_apart(value: object, type: str) -> None:
    rules = (Rule("vcs.push", when={"/a": 1}), Rule("payment.succeeded", when={"/a": True}))
    declaration = Declaration("made", "", "", (), (), (), rules)
    seen = Seen({"a": value}, None, Headers(()))
    assert Normalizer(declaration).normalize("", seen).type == type
