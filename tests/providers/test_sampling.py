"""Samples: well formed, unsigned, and able to become new events."""

import json
import re
from itertools import count
from urllib.parse import parse_qs
from uuid import UUID

import pytest

from gateway import providers
from gateway.providers import sampling
from gateway.providers.declaration import Declaration, Field, time
from gateway.providers.sampling import Sample

NOW = 1_790_000_000.0
STAMP = "2026-09-21T14:13:20Z"
COUNTS = {"circleci": 4, "custom": 2, "gitlab": 12, "stripe": 12}


def ids():
    numbers = count(1)
    return lambda: f"{next(numbers):032x}"


def declared(**more) -> Declaration:
    given = {"id": (), "event": (), **more}
    return Declaration(name="shop", title="Shop", docs="", ways=(), **given)


def sample(body, *, headers=(), content_type="application/json") -> Sample:
    text = body if isinstance(body, str) else json.dumps(body)
    return Sample("one", tuple(headers), content_type, text.encode())


@pytest.mark.parametrize("name", [*COUNTS])
def test_samples_are_there_named_by_their_file_and_unsigned(name):
    samples = sampling.load(name)
    assert len(samples) >= COUNTS[name]
    assert len({one.name for one in samples}) == len(samples)
    for one in samples:
        json.loads(one.body)
        sent = " ".join(header for header, _ in one.headers).lower()
        assert not re.search("signature|token|authorization|content-type", sent)


def test_an_unknown_provider_has_no_samples():
    with pytest.raises(KeyError):
        sampling.load("nobody")


def test_a_provider_is_known_by_its_module_and_its_samples():
    assert {"circleci", "gitlab", "stripe"} <= set(providers.names())


@pytest.mark.parametrize("name", ["circleci", "gitlab", "stripe"])
def test_each_sample_can_become_a_new_event_again_and_again(name):
    declaration, make = providers.load(name), ids()
    for one in sampling.load(name):
        first = sampling.fresh(one, declaration, now=NOW, ids=make)
        second = sampling.fresh(one, declaration, now=NOW, ids=make)
        assert len({_identity(each) for each in (one, first, second)}) == 3
        assert (first.name, first.content_type) == (one.name, one.content_type)
        assert [header for header, _ in first.headers] == [header for header, _ in one.headers]
        assert json.loads(first.body).keys() == json.loads(one.body).keys()


def _identity(one: Sample) -> tuple[object, ...]:
    headers = {header.lower(): value for header, value in one.headers}
    return (json.loads(one.body).get("id"), headers.get("idempotency-key"))


def test_an_id_keeps_its_form():
    declaration = declared(id=("header.X-Id", "/id", ("/parts/0/id", "body.a.b")))
    body = {"id": "evt_1Qabc", "parts": [{"id": "7d4b1c36-0e1f-4a41-9b41-111111111111"}]}
    made = sampling.fresh(
        sample({**body, "a": {"b": "plain"}}, headers=[("x-id", "req-1"), ("Other", "kept")]),
        declaration,
        now=NOW,
        ids=ids(),
    )
    new = json.loads(made.body)
    assert new["id"] == f"evt_{1:032x}"
    assert UUID(new["parts"][0]["id"]) == UUID(int=1)
    assert new["a"]["b"] == f"{1:032x}"
    assert made.headers == (("x-id", f"{1:032x}"), ("Other", "kept"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1_700_000_000, 1_790_000_000),
        (1_700_000_000_123, 1_790_000_000_000),
        ("2026-01-01T00:00:00.123+02:00", STAMP),
        ("2026-01-01 00:00:00 UTC", "2026-09-21 14:13:20 UTC"),
    ],
)
def test_a_time_becomes_now_in_the_form_it_had(old, new):
    declaration = declared(id=("/id",), time=(time("/nowhere", "/at"), Field(("header.Date",))))
    made = sampling.fresh(sample({"id": "1", "at": old}), declaration, now=NOW, ids=ids())
    assert json.loads(made.body)["at"] == new


def test_where_the_body_is_the_id_the_body_changes():
    made = [
        sampling.fresh(sample(body), declared(id=("/id",)), now=NOW, ids=make).body
        for make in [ids()]
        for body in ({"a": 1}, {"a": 1}, [1], [1], "text", "text")
    ]
    assert len(set(made)) == len(made)
    assert json.loads(made[2]) == [1]


def test_a_form_stays_a_form():
    declaration = declared(id=("/id",), form_field="payload")
    one = sample("payload=%7B%22id%22%3A%22x%22%7D&kept=1", content_type=sampling.FORM)
    form = parse_qs(sampling.fresh(one, declaration, now=NOW, ids=ids()).body.decode())
    assert json.loads(form["payload"][0]) == {"id": f"{1:032x}"}
    assert form["kept"] == ["1"]
    plain = sampling.fresh(
        sample("id=x&kept=1", content_type=sampling.FORM),
        declared(id=("/id",)),
        now=NOW,
        ids=ids(),
    )
    assert parse_qs(plain.body.decode()) == {"id": [f"{1:032x}"], "kept": ["1"]}
