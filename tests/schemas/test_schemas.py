"""The families' schemas: current, well formed, and refusing what the vocabulary forbids."""

import pytest
from jsonschema import Draft202012Validator

from gateway import schemas
from gateway.providers.vocabulary import FAMILIES
from gateway.schemas import build

SHA = "9f2c1e7ab4d05836c1f7e2d94b6a8053ce17d2f4"


def fits(family: str, event: dict) -> bool:
    return Draft202012Validator(schemas.load(family)).is_valid(event)


@pytest.mark.parametrize("family", [*FAMILIES, "gateway"])
def test_every_family_has_a_schema_that_is_current_and_well_formed(family):
    schema = schemas.load(family)
    Draft202012Validator.check_schema(schema)
    assert schema == build.build(family), "run: python -m gateway.schemas.build"
    assert fits(family, {})
    assert not fits(family, {"no_such_field": "x"})


def test_no_file_is_left_of_a_family_that_is_gone():
    assert set(schemas.families()) == {*FAMILIES, "gateway"}


def test_an_unknown_family_is_a_key_error():
    with pytest.raises(KeyError):
        schemas.load("../config")


@pytest.mark.parametrize(
    ("family", "event"),
    [
        ("vcs", {"repo": None}),
        ("vcs", {"repo": ""}),
        ("vcs", {"sha": "0" * 40}),
        ("vcs", {"sha": "main"}),
        ("vcs", {"ref": "refs/heads/main"}),
        ("vcs", {"ref": "main", "branch": "main"}),
        ("vcs", {"ref": "refs/heads/main", "branch": "main", "tag": "main"}),
        ("vcs", {"branch": "main", "tag": "main"}),
        ("vcs", {"number": "12"}),
        ("ci", {"status": "done"}),
        ("ci", {"status": "finished", "outcome": "passed"}),
        ("ci", {"status": "running", "outcome": "success"}),
        ("ci", {"outcome": "success"}),
        ("ci", {"head_repo": "someone/site", "branch": "main"}),
        ("ci", {"started_at": "2026-09-21T14:01:00+02:00"}),
        ("ci", {"started_at": "2026-09-21 14:01:00 UTC"}),
        ("payment", {"amount": 10.5, "currency": "EUR"}),
        ("payment", {"amount": "1050", "currency": "EUR"}),
        ("payment", {"amount": 1050}),
        ("payment", {"amount": 1050, "currency": "eur"}),
        ("payment", {"live": "false"}),
        ("ticket", {"amount": 1, "currency": "EUR"}),
    ],
)
def test_what_the_vocabulary_forbids_is_refused(family, event):
    assert not fits(family, event)


@pytest.mark.parametrize(
    ("family", "event"),
    [
        ("vcs", {"ref": "refs/heads/main", "branch": "main", "sha": SHA, "canonical": False}),
        ("vcs", {"ref": "refs/tags/main", "tag": "main"}),
        ("ci", {"status": "finished", "outcome": "success", "finished_at": "2026-09-21T14:12:30Z"}),
        ("ci", {"head": "main", "head_repo": "someone/site", "number": 12}),
        ("artifact", {"tag": "1.2", "digest": "sha256:ab"}),
        ("payment", {"amount": 1050, "currency": "EUR", "amount_raw": "10.50", "live": True}),
        ("other", {"name": "x", "amount": 1, "currency": "JPY", "ref": "refs/heads/x"}),
    ],
)
def test_what_the_vocabulary_means_fits(family, event):
    assert fits(family, event)
