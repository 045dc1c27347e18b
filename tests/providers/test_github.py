"""GitHub: whose branch a run is for, which event tells what, and forms that carry JSON."""

import json
from urllib.parse import urlencode

import pytest

from gateway.providers import sampling
from tests.providers.reading import faults, item, items, of_sample, request

OURS = {"full_name": "acme/site", "owner": {"login": "acme"}}
SHA = "4be1c2d3a5f60718293a4b5c6d7e8f9012345678"


def event(name: str, **body: object) -> object:
    whole = {"repository": OURS, "sender": {"login": "ada"}, **body}
    return item("github", whole, (("X-GitHub-Event", name), ("X-GitHub-Delivery", "d-1")))


def run(head: object, **more: object) -> dict[str, object]:
    return {"id": 7, "head_branch": "main", "head_sha": SHA, "head_repository": head, **more}


@pytest.mark.parametrize("sample", sampling.load("github"), ids=lambda sample: sample.name)
def test_a_sample_is_typed_and_fits_its_family(sample: sampling.Sample) -> None:
    found = of_sample("github", sample.name)
    assert found.type != "other"
    assert faults(found) == []


def test_a_run_of_our_branch_has_the_branch() -> None:
    found = event("workflow_run", action="requested", workflow_run=run(OURS))
    assert found.type == "ci.pipeline.queued"
    assert found.fields["branch"] == "main"
    assert found.fields["ref"] == "refs/heads/main"
    assert not {"head", "head_repo"} & set(found.fields)


def test_the_run_of_a_release_has_its_tag_and_no_branch() -> None:
    found = event("workflow_run", action="completed", workflow_run=run(OURS, event="release"))
    assert (found.fields["tag"], found.fields["ref"]) == ("main", "refs/tags/main")
    assert not {"branch", "head"} & set(found.fields)


def test_a_run_of_a_forks_branch_has_head_and_no_branch() -> None:
    fork = {"full_name": "mallory/site"}
    found = event("workflow_run", action="requested", workflow_run=run(fork))
    assert (found.fields["head"], found.fields["head_repo"]) == ("main", "mallory/site")
    assert not {"branch", "ref", "tag"} & set(found.fields)


@pytest.mark.parametrize("gone", [None, {}, {"full_name": None}])
def test_the_branch_of_a_deleted_fork_is_not_ours(gone: object) -> None:
    found = event("workflow_run", action="requested", workflow_run=run(gone))
    assert found.fields["head"] == "main"
    assert not {"branch", "ref", "tag", "head_repo"} & set(found.fields)


@pytest.mark.parametrize(
    ("name", "at", "action"),
    [
        ("workflow_job", "workflow_job", "queued"),
        ("check_run", "check_run", "created"),
        ("check_suite", "check_suite", "completed"),
    ],
)
def test_where_github_does_not_say_whose_branch_it_is_there_is_none(
    name: str, at: str, action: str
) -> None:
    of = {"id": 7, "head_branch": "main", "head_sha": SHA, "check_suite": {"head_branch": "main"}}
    found = event(name, action=action, **{at: of})
    assert found.type.startswith("ci.")
    assert found.fields["head"] == "main"
    assert not {"branch", "ref", "tag"} & set(found.fields)


def test_a_run_that_needs_a_person_waits() -> None:
    waits = run(OURS, status="completed", conclusion="action_required", updated_at="2026-11-24")
    found = event("workflow_run", action="completed", workflow_run=waits)
    assert (found.type, found.fields["status"]) == ("ci.pipeline.waiting", "waiting")
    assert not {"outcome", "finished_at"} & set(found.fields)


@pytest.mark.parametrize(
    ("merged", "type"), [(True, "vcs.change.merged"), (False, "vcs.change.closed")]
)
def test_a_closed_change_is_merged_or_not(merged: bool, type: str) -> None:
    fork = {"ref": "main", "sha": SHA, "repo": {"full_name": "mallory/site"}}
    change = {"id": 1, "number": 3, "merged": merged, "head": fork, "base": {"ref": "main"}}
    found = event("pull_request", action="closed", pull_request=change)
    assert found.type == type
    assert found.fields["head_repo"] == "mallory/site"
    assert not {"branch", "ref"} & set(found.fields)


def test_a_tag_named_main_is_no_branch() -> None:
    found = event("push", ref="refs/tags/main", after=SHA, deleted=False)
    assert (found.type, found.fields["tag"]) == ("vcs.tag.created", "main")
    assert "branch" not in found.fields
    short = event("create", ref="main", ref_type="tag")
    assert (short.fields["ref"], short.fields["canonical"]) == ("refs/tags/main", False)


def test_a_deleted_branch_has_no_commit() -> None:
    found = event("push", ref="refs/heads/x", before=SHA, after="0" * 40, deleted=True)
    assert (found.type, found.fields["before_sha"]) == ("vcs.branch.deleted", SHA)
    assert "sha" not in found.fields


def test_a_form_carries_the_same_event() -> None:
    body = {"ref": "refs/heads/main", "after": SHA, "repository": OURS}
    headers = (("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d-1"))
    form = urlencode({"payload": json.dumps(body)}).encode()
    sent = request(form, headers, "application/x-www-form-urlencoded")
    (found,) = items("github", sent)
    assert found.fields == item("github", body, headers).fields
    assert (found.type, found.provider_id) == ("vcs.push", "d-1")


def test_an_event_without_a_place_is_other_and_keeps_its_word() -> None:
    found = event("star", action="created")
    assert (found.type, found.provider_type) == ("other", "star")
