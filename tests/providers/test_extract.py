"""Extraction never raises, and what it says always fits its family's schema: whatever became of one
node of a real request. Ids, batches and what cannot be parsed.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import providers
from gateway.providers import extract, sampling
from gateway.providers.declaration import Batch
from gateway.providers.extract import NO_ID
from gateway.providers.sampling import FORM, Sample
from tests.providers.reading import faults, item, items, request

GONE = object()


def deep(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


ODD = st.sampled_from(
    [
        *(GONE, None, True, False, 0, -1, 2**63, 2**64 - 1, 1.5, -0.0, 1e300),
        *("", " ", "0", "0" * 40, "1e999999", "-1", "NaN", "refs/heads/", "refs/tags/x", "refs/"),
        *("9999-12-31T23:59:60-23:59", "0000-00-00T00:00:00Z", "\x00", "\u202e", "a" * 5000),
        *([], {}, [None], {"": {}}, {"id": []}, ["x"] * 3, deep(240)),
    ]
)
ANY = ODD | st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "ref", "object", "x"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
SAMPLES = [
    pytest.param(name, sample, id=f"{name}-{sample.name}")
    for name in providers.names()
    for sample in sampling.load(name)
    if sample.content_type != FORM
]


def places(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every node of a JSON value, the whole one first."""
    yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*at, key))
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, (*at, number))


def changed(value: object, at: tuple[str | int, ...], new: object) -> object:
    """A copy with another node at one place, or none."""
    if not at:
        return None if new is GONE else new
    copy = dict(value) if isinstance(value, dict) else list(value)
    step = at[0]
    if len(at) == 1 and new is GONE:
        del copy[step]
    else:
        copy[step] = changed(copy[step], at[1:], new)
    return copy


@pytest.mark.parametrize(("provider", "sample"), SAMPLES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_no_changed_node_raises_or_breaks_a_schema(
    provider: str, sample: Sample, data: st.DataObject
) -> None:
    body = json.loads(sample.body)
    at = data.draw(st.sampled_from(list(places(body))))
    odd = changed(body, at, data.draw(ANY))
    for found in items(provider, request(odd, sample.headers, sample.content_type)):
        assert faults(found) == [], (at, found.type, found.fields)
        assert all(value is not None for value in found.fields.values())


HEADERS = (("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-1"))


def test_a_request_without_an_id_is_the_same_one_by_its_body() -> None:
    first, again = (item("github", {"ref": "x"}, HEADERS[:1]) for _ in range(2))
    other = item("github", {"ref": "y"}, HEADERS[:1])
    assert first.dedup_key == again.dedup_key != other.dedup_key
    assert first.dedup_key.startswith("sha256:")
    assert (first.provider_id, first.id_signed, NO_ID in first.flags) == (None, True, True)


def test_an_id_beyond_all_measure_is_hashed() -> None:
    ids = ["a" * 600, "a" * 599 + "b"]
    one, two = (item("github", {}, (*HEADERS[:1], ("X-GitHub-Delivery", id))) for id in ids)
    assert one.dedup_key != two.dedup_key
    assert max(len(one.dedup_key), len(one.provider_id or "") // 8) < 100


@pytest.mark.parametrize("body", [b"{", b"\xff", b"nonsense", b"[" * 5000, b'"\\ud800"'])
def test_what_cannot_be_parsed_is_other_and_keeps_its_id(body: bytes) -> None:
    found = item("github", body, HEADERS)
    assert (found.type, found.fields, found.provider_id) == ("other", {}, "d-1")
    assert (found.provider_type, found.subject, found.time) == ("push", None, None)


@pytest.mark.parametrize("value", [True, None, [], {}, 1.5, ""])
def test_an_id_that_is_no_text_and_no_integer_is_none(value: object) -> None:
    found = item("stripe", {"id": value, "type": "charge.failed"})
    assert (found.provider_id, NO_ID in found.flags) == (None, True)


def test_a_batch_without_ids_hashes_its_body_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    digest = extract._digest
    monkeypatch.setattr(extract, "_digest", lambda sent: hashed.append(1) or digest(sent))
    read = extract.Extractor(replace(providers.load("stripe"), batch=Batch("/events")))
    sent = request({"events": [{"type": "charge.failed"}] * 50})
    found = read.items(sent, read.payload(sent), 0.0)
    assert len({one.dedup_key for one in found}) == 50
    assert sum(hashed) == 1


@pytest.mark.parametrize("name", ["\n", "\u2028", " ", "/"])
def test_a_ref_with_an_odd_name_fits_the_schema(name: str) -> None:
    found = item("github", {"ref": f"refs/tags/{name}"}, HEADERS)
    assert (found.type, found.fields["tag"], faults(found)) == ("vcs.tag.created", name, [])
