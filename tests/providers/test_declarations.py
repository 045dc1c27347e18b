"""What holds for every sender: the vectors' verdicts, hostile bodies, rows of the vocabulary."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import providers
from gateway.providers import sampling, times
from gateway.providers.declaration import Declaration, Field, Rule, text
from gateway.providers.extract import Extractor
from gateway.providers.vocabulary import FAMILIES, TYPES, fields_of
from gateway.verify.base import Context, Key, Proof, Secret
from gateway.verify.verifier import Bound, Verifier, bind
from tests import vectors
from tests.providers.reading import faults, items, of_sample, request

OURS = ("circleci", "gitlab", "stripe")
VECTORS = [vector for name in OURS for vector in vectors.load(name)]


def sender(vector: vectors.Vector) -> str:
    return vector.id.rpartition("-")[0]


# ---------------------------------------------------------------- the vectors


def verifier(vector: vectors.Vector) -> Verifier | None:
    ways = providers.load(sender(vector)).ways
    texts = vector.texts("keys", "signing_tokens", "tokens")
    found = bind(ways, [Secret("own", text.encode()) for text in texts], {}, Context())
    if isinstance(found, Verifier):
        return found
    if not all(texts):
        return None  # such a source is closed
    # Published texts have secrets that are too short for a source.
    return Verifier((Bound(ways[0].scheme, (Key("own", texts[0].encode()),)),), Context())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.id)
def test_each_vector_is_let_in_or_refused_as_it_says(vector):
    judge = verifier(vector)
    verdict = judge and judge.verify(vector.request, vector.now)
    assert isinstance(verdict, Proof) == vector.accept, vector.note


EXPECTED = [vector for vector in VECTORS if vector.expect_event]


@pytest.mark.parametrize("vector", EXPECTED, ids=lambda vector: vector.id)
def test_each_vector_becomes_the_event_that_it_expects(vector):
    (found,) = items(sender(vector), vector.request)
    expected = vector.expect_event
    assert found.provider_type == expected["provider_event"]
    assert found.type == expected["type"]
    assert found.provider_id == expected["id"]
    for name, value in expected["fields"].items():
        got = found.fields.get(name)
        if name.endswith("_at"):
            assert times.seconds(got) == times.seconds(value), name
        else:
            assert got == value, name
    assert not faults(found)


# ---------------------------------------------------------------- rows of the vocabulary

ROWS = {
    "gitlab": {
        *FAMILIES["vcs"],
        *(set(FAMILIES["ci"]) - {"ci.status"}),
        *(set(FAMILIES["deploy"]) - {"deploy.rolledback", "deploy.removed"}),
        *FAMILIES["ticket"],
        "artifact.scanned",
    },
    "stripe": {
        name
        for family in (
            "payment",
            "checkout",
            "invoice",
            "subscription",
            "payout",
            "dispute",
            "customer",
        )
        for name in FAMILIES[family]
    },
    "circleci": {"ci.pipeline.finished", "ci.job.finished", "meta.ping"},
}


@pytest.mark.parametrize("name", ROWS)
def test_every_row_that_the_vocabulary_has_for_a_sender_has_a_rule_and_a_sample(name):
    assert {rule.to for rule in providers.load(name).rules} == ROWS[name]
    shown = {of_sample(name, one.name).type for one in sampling.load(name)}
    assert shown - {"other"} == ROWS[name]


@pytest.mark.parametrize("name", providers.names())
def test_rules_speak_the_vocabulary(name):
    declaration = providers.load(name)
    for rule in declaration.rules:
        assert rule.to in TYPES
        unknown = rule.fields.keys() - fields_of([rule.to.partition(".")[0]])
        assert not {field for field in unknown if rule.fields[field] is not None}, rule.to
    assert not declaration.fields.keys() - fields_of(["other"])


# ---------------------------------------------------------------- hostile bodies


def keys_of(value: object) -> set[str]:
    match value:
        case dict():
            return set(value).union(*map(keys_of, value.values()))
        case list():
            return set().union(*map(keys_of, value))
        case _:
            return set()


def texts_of(value: object) -> set[str]:
    match value:
        case dict():
            return set().union(*map(texts_of, value.values()))
        case list():
            return set().union(*map(texts_of, value))
        case str():
            return {value}
        case _:
            return set()


BODIES = {name: [json.loads(one.body) for one in sampling.load(name)] for name in OURS}
HEADERS = {name: [one.headers for one in sampling.load(name)] for name in OURS}
REFS = ["refs/heads/", "refs/tags/x", "refs/heads/main", "refs/pull/1/head", "0" * 40]
TEXTS = ["", " ", "\ud800", "\x00", "x" * 3000, "2026-13-45T00:00:00Z"]
ODD = st.sampled_from([None, True, False, 0, -1, 1.5, 10**40, [], {}, *REFS, *TEXTS])


def json_like(name: str) -> st.SearchStrategy:
    """JSON whose keys and words are those of the sender's samples."""
    keys = sorted(set().union(*map(keys_of, BODIES[name])))
    words = sorted(set().union(*map(texts_of, BODIES[name])))
    leaf = ODD | st.sampled_from(words) | st.integers() | st.floats() | st.text(max_size=20)
    return st.recursive(
        leaf,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=6)
        ),
        max_leaves=25,
    )


def places(value: object, here: tuple = ()) -> list[tuple]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, child in inner:
        found.append((*here, key))
        if isinstance(child, dict | list):
            found += places(child, (*here, key))
    return found


def check(name: str, body: object, headers) -> None:
    raw = json.dumps(body).encode()
    for found in items(name, request(raw, headers)):
        assert found.type in TYPES
        assert not faults(found), (found.type, found.fields)


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_json_becomes_an_event_that_fits_its_schema(name, data):
    check(name, data.draw(json_like(name)), data.draw(st.sampled_from(HEADERS[name])))


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_a_sample_with_wrong_values_anywhere_still_fits_its_schema(name, data):
    number = data.draw(st.integers(0, len(BODIES[name]) - 1))
    body = copy.deepcopy(BODIES[name][number])
    words = sorted(texts_of(body))
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from(places(body)))
        here = body
        for key in way:
            here = here[key]
        here[last] = data.draw(ODD | st.sampled_from(words))
    check(name, body, HEADERS[name][number])


@pytest.mark.parametrize("name", OURS)
@given(raw=st.binary(max_size=60))
def test_any_bytes_become_one_event(name, raw):
    (found,) = items(name, request(raw, HEADERS[name][0]))
    assert not faults(found)


# ---------------------------------------------------------------- what no declaration can undo

PLACED = Declaration(
    name="shop",
    title="Shop",
    docs="",
    ways=(),
    id=(),
    event=("/type",),
    rules=(Rule("vcs.push", ("push",)), Rule("customer.created", ("customer",))),
    fields={
        "ref": Field(("/tag",), "ref", lead="refs/tags/"),
        "tag": text("/tag"),
        "branch": text("/branch"),
        "currency": Field(("/currency",), "currency"),
        "name": text("/name"),
    },
)


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"tag": "v1"}, {"ref": "refs/tags/v1", "tag": "v1"}),
        ({"tag": "v1", "branch": "main"}, {"ref": "refs/tags/v1", "tag": "v1"}),
        ({"tag": "refs/heads/main"}, {"ref": "refs/heads/main", "branch": "main"}),
        ({"tag": "refs/pull/1/head", "branch": "main"}, {}),
        ({"tag": "refs/tags/"}, {}),
        ({"branch": "main"}, {"branch": "main"}),
    ],
)
def test_a_ref_has_its_own_short_name_and_no_other(sent, fields):
    read = Extractor(PLACED)
    asked = request({"type": "push", **sent})
    (found,) = read.items(asked, read.payload(asked), 0.0)
    assert found.fields == fields


def test_a_common_field_is_read_only_where_the_family_knows_it():
    read = Extractor(PLACED)
    asked = request({"type": "customer", "tag": "v1", "currency": "eur", "name": "Mira"})
    (found,) = read.items(asked, read.payload(asked), 0.0)
    assert found.fields == {"name": "Mira"}
