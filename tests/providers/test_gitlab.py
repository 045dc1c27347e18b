"""GitLab: every event the vocabulary has a row for, both ways to prove, and forks kept apart."""

import json

import pytest

from gateway import providers
from gateway.providers import sampling
from gateway.verify.base import Context, Refusal, Secret
from gateway.verify.verifier import Verifier, bind
from tests.providers.reading import faults, item, of_sample, request

A = "4be1a6c0f3d27e985b1c06f4ad93e8275c60b1fd"
B = "c07d5e92b84f1a63d0e7b92c4f58a1603ed7c9b4"
T = "91f0c3a7e5d84b26a9c1f7e03b52d468ac0e1f75"
HOME = "https://gitlab.example.com/harbour/tools/ledger"
TITLE = "Round half to even in the VAT report"
OURS = {"repo": "harbour/tools/ledger", "actor": "iris"}
PUSH = {**OURS, "url": HOME}
MAIN = {"ref": "refs/heads/main", "branch": "main"}
VAT = {"ref": "refs/heads/vat-rounding", "branch": "vat-rounding"}
TAG = {"ref": "refs/tags/v2.4.0", "tag": "v2.4.0"}
CHANGE = {
    **OURS,
    "id": "90311",
    "number": 77,
    "title": "Round half to even",
    "url": f"{HOME}/-/merge_requests/77",
    "head": "vat-rounding",
    "base": "main",
    "sha": B,
}
RUN = {
    **OURS,
    "id": "771204",
    "number": 1893,
    "title": TITLE,
    "url": f"{HOME}/-/pipelines/771204",
    "sha": B,
}
PIPELINE = {**RUN, **MAIN, "before_sha": A}
ENDED = {"status": "finished", "finished_at": "2026-11-24T08:49:40Z"}
JOB = {
    **OURS,
    "id": "5520377",
    "name": "unit",
    "url": f"{HOME}/-/jobs/5520377",
    "sha": B,
    "before_sha": A,
}
DEPLOY = {
    **OURS,
    "id": "2204",
    "url": f"{HOME}/-/jobs/5520401",
    "title": TITLE,
    "environment": "production",
    "sha": B[:8],
}
ISSUE = {
    **OURS,
    "id": "44102",
    "number": 301,
    "title": "The VAT report is a cent off",
    "url": f"{HOME}/-/issues/301",
}
PROJECT = {"id": "430", "name": "Invoices", "repo": "harbour/tools/invoices"}

SAMPLES = {
    "push": ("vcs.push", {**PUSH, **MAIN, "sha": B, "before_sha": A}),
    "branch-created": ("vcs.branch.created", {**PUSH, **VAT, "sha": B}),
    "branch-deleted": ("vcs.branch.deleted", {**PUSH, **VAT, "before_sha": B}),
    "tag-created": ("vcs.tag.created", {**PUSH, **TAG, "sha": B}),
    "tag-deleted": (
        "vcs.tag.deleted",
        {**PUSH, "ref": "refs/tags/v2.4.0-rc1", "tag": "v2.4.0-rc1", "before_sha": T},
    ),
    "merge-request-opened": ("vcs.change.opened", CHANGE),
    "merge-request-from-fork": (
        "vcs.change.opened",
        {**CHANGE, "head": "main", "head_repo": "sven/ledger"},
    ),
    "merge-request-updated": ("vcs.change.updated", {**CHANGE, "before_sha": A}),
    "merge-request-approved": ("vcs.change.reviewed", CHANGE),
    "merge-request-merged": ("vcs.change.merged", CHANGE),
    "merge-request-closed": ("vcs.change.closed", CHANGE),
    "comment": (
        "vcs.comment",
        {**CHANGE, "id": "30120", "url": f"{HOME}/-/merge_requests/77#note_30120"},
    ),
    "release": (
        "vcs.release.published",
        {
            "repo": "harbour/tools/ledger",
            **TAG,
            "id": "611",
            "name": "Ledger 2.4",
            "url": f"{HOME}/-/releases/v2.4.0",
            "sha": B,
        },
    ),
    "pipeline-queued": ("ci.pipeline.queued", {**PIPELINE, "status": "queued"}),
    "pipeline-started": ("ci.pipeline.started", {**PIPELINE, "status": "running"}),
    "pipeline-waiting": ("ci.pipeline.waiting", {**PIPELINE, "status": "waiting"}),
    "pipeline-success": ("ci.pipeline.finished", {**PIPELINE, **ENDED, "outcome": "success"}),
    "pipeline-tag": ("ci.pipeline.finished", {**RUN, **TAG, **ENDED, "outcome": "failure"}),
    # The fork's branch is called main too: it must not look like ours.
    "pipeline-of-fork": (
        "ci.pipeline.finished",
        {**RUN, **ENDED, "outcome": "success", "head": "main", "base": "main"},
    ),
    "pipeline-of-merge-request": (
        "ci.pipeline.finished",
        {**RUN, **VAT, **ENDED, "outcome": "canceled", "head": "vat-rounding", "base": "main"},
    ),
    "job-queued": ("ci.job.queued", {**JOB, **MAIN, "status": "queued"}),
    # refs/merge-requests/77/head is neither a branch nor a tag.
    "job-started": (
        "ci.job.started",
        {**JOB, "status": "running", "started_at": "2026-11-24T08:42:20Z"},
    ),
    "job-failed": (
        "ci.job.finished",
        {
            **JOB,
            **MAIN,
            "status": "finished",
            "outcome": "failure",
            "started_at": "2026-11-24T08:42:20Z",
            "finished_at": "2026-11-24T08:47:01Z",
        },
    ),
    "deployment-queued": ("deploy.queued", {**DEPLOY, "status": "queued"}),
    "deployment-started": (
        "deploy.started",
        {**DEPLOY, "status": "running", "started_at": "2026-11-24T09:11:30Z"},
    ),
    "deployment-waiting": ("deploy.waiting", {**DEPLOY, "status": "waiting"}),
    "deployment-success": (
        "deploy.finished",
        {
            **DEPLOY,
            "status": "finished",
            "outcome": "success",
            "finished_at": "2026-11-24T09:11:30Z",
        },
    ),
    "issue-opened": ("ticket.created", ISSUE),
    "issue-updated": ("ticket.updated", ISSUE),
    "issue-closed": ("ticket.closed", ISSUE),
    "project-created": ("vcs.repo.created", PROJECT),
    "project-renamed": ("vcs.repo.modified", PROJECT),
    "project-deleted": ("vcs.repo.deleted", PROJECT),
    "vulnerability": (
        "artifact.scanned",
        {
            "name": "moneyparse",
            "version": "0.9.2",
            "title": "Slow regular expression in the amount parser",
            "url": f"{HOME}/-/security/vulnerabilities/18",
        },
    ),
    "feature-flag": ("other", {**OURS, "id": "31", "name": "new-rounding"}),
}


def body_of(name: str) -> dict:
    (one,) = (each for each in sampling.load("gitlab") if each.name == name)
    return json.loads(one.body)


def read(hook: str, body: object):
    return item("gitlab", body, [("X-Gitlab-Event", hook)])


def test_every_sample_is_expected_here():
    assert {one.name for one in sampling.load("gitlab")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_becomes_its_type_with_exactly_these_fields(name):
    found = of_sample("gitlab", name)
    assert (found.type, found.fields) == SAMPLES[name]
    assert not faults(found)


# ---------------------------------------------------------------- statuses and actions

QUEUED = ("created", "waiting_for_resource", "preparing", "waiting_for_callback", "pending")
ENDS = {"success": "success", "failed": "failure", "canceled": "canceled", "skipped": "skipped"}
PIPELINES = {
    **dict.fromkeys(QUEUED, ("ci.pipeline.queued", "queued", None)),
    "running": ("ci.pipeline.started", "running", None),
    "manual": ("ci.pipeline.waiting", "waiting", None),
    "scheduled": ("ci.pipeline.waiting", "waiting", None),
    **{word: ("ci.pipeline.finished", "finished", end) for word, end in ENDS.items()},
    # It still runs and has said so: no row.
    "canceling": ("other", None, None),
}
DEPLOYMENTS = {
    "created": ("deploy.queued", "queued", None),
    "running": ("deploy.started", "running", None),
    "blocked": ("deploy.waiting", "waiting", None),
    **{word: ("deploy.finished", "finished", end) for word, end in ENDS.items()},
}


def verdict(found):
    assert not faults(found)
    return found.type, found.fields.get("status"), found.fields.get("outcome")


@pytest.mark.parametrize("hook", ["Pipeline Hook", "System Hook"])
@pytest.mark.parametrize("status", PIPELINES)
def test_each_status_of_a_pipeline(status, hook):
    body = body_of("pipeline-success")
    body["object_attributes"]["status"] = status
    assert verdict(read(hook, body)) == PIPELINES[status]


@pytest.mark.parametrize("status", PIPELINES)
def test_each_status_of_a_job_save_the_waiting_ones_that_have_no_row(status):
    to, told, outcome = PIPELINES[status]
    expected = (to.replace("pipeline", "job"), told, outcome)
    if told == "waiting":
        expected = ("other", None, None)
    assert verdict(read("Job Hook", {**body_of("job-queued"), "build_status": status})) == expected


@pytest.mark.parametrize("status", DEPLOYMENTS)
def test_each_status_of_a_deployment(status):
    body = {**body_of("deployment-queued"), "status": status}
    assert verdict(read("Deployment Hook", body)) == DEPLOYMENTS[status]


@pytest.mark.parametrize(
    ("action", "to"),
    [
        ("open", "opened"),
        ("reopen", "opened"),
        ("update", "updated"),
        ("approved", "reviewed"),
        ("approval", "reviewed"),
        ("unapproved", "reviewed"),
        ("unapproval", "reviewed"),
        ("merge", "merged"),
        ("close", "closed"),
    ],
)
def test_each_action_of_a_merge_request(action, to):
    body = body_of("merge-request-opened")
    body["object_attributes"]["action"] = action
    assert read("Merge Request Hook", body).type == f"vcs.change.{to}"


@pytest.mark.parametrize("kind", ["issue", "work_item"])
@pytest.mark.parametrize(
    ("action", "to"),
    [("open", "created"), ("reopen", "updated"), ("update", "updated"), ("close", "closed")],
)
def test_each_action_of_an_issue_and_of_other_work_items(kind, action, to):
    body = {**body_of("issue-opened"), "object_kind": kind}
    body["object_attributes"]["action"] = action
    assert read("Confidential Issue Hook", body).type == f"ticket.{to}"


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("project_create", "created"),
        ("project_rename", "modified"),
        ("project_transfer", "modified"),
        ("project_update", "modified"),
        ("project_destroy", "deleted"),
    ],
)
@pytest.mark.parametrize("hook", ["System Hook", "Project Hook"])
def test_each_event_of_a_project(hook, name, to):
    body = {**body_of("project-created"), "event_name": name}
    assert read(hook, body).type == f"vcs.repo.{to}"


@pytest.mark.parametrize(
    ("hook", "body"),
    [
        ("Release Hook", {**body_of("release"), "action": "update"}),
        ("Release Hook", {**body_of("release"), "action": "delete"}),
        ("Wiki Page Hook", {"object_kind": "wiki_page", "project": {}}),
        ("System Hook", {"event_name": "repository_update", "refs": ["refs/heads/main"]}),
        ("System Hook", {"event_name": "user_create"}),
        ("Push Hook", {"hello": "a custom template"}),
        ("Push Hook", {"ref": "refs/keep-around/1", "before": A, "after": B}),
        ("Emoji Hook", []),
        ("Merge Request Hook", {"object_kind": "merge_request", "object_attributes": {}}),
    ],
)
def test_what_has_no_row_is_other(hook, body):
    found = read(hook, body)
    assert (found.type, found.provider_type) == ("other", hook)


def test_a_system_hook_tells_pushes_by_their_body():
    assert read("System Hook", body_of("push")).type == "vcs.push"
    assert read("System Hook", body_of("tag-created")).type == "vcs.tag.created"
    assert read("System Hook", body_of("branch-deleted")).type == "vcs.branch.deleted"


# ---------------------------------------------------------------- runs in git


def pipeline(merge_request=None, **attributes):
    body = body_of("pipeline-success")
    body["merge_request"] = merge_request
    body["object_attributes"].update(attributes)
    return read("Pipeline Hook", body).fields


def test_a_tag_named_main_never_passes_for_the_branch():
    fields = pipeline(tag=True)
    assert (fields["tag"], fields["ref"]) == ("main", "refs/tags/main")
    assert "branch" not in fields
    job = read("Job Hook", {**body_of("job-queued"), "tag": True}).fields
    assert (job["tag"], "branch" in job) == ("main", False)


@pytest.mark.parametrize(
    "merge_request",
    [
        {"source_branch": "main", "source_project_id": 9, "target_project_id": 412},
        {"source_branch": "main"},
        {},
    ],
)
def test_a_run_of_what_may_be_a_forks_change_names_no_branch(merge_request):
    assert not pipeline(merge_request).keys() & {"branch", "tag", "ref"}


def test_a_run_whose_merge_request_is_gone_names_no_branch():
    assert not pipeline(source="merge_request_event").keys() & {"branch", "tag", "ref"}


def test_a_run_that_does_not_say_whether_it_is_a_tags_names_neither():
    body = body_of("pipeline-success")
    del body["object_attributes"]["tag"]
    assert not read("Pipeline Hook", body).fields.keys() & {"branch", "tag", "ref"}


def test_times_of_either_form_are_the_same():
    old = pipeline(finished_at="2026-11-24 08:49:40 UTC")
    new = pipeline(finished_at="2026-11-24T09:49:40+01:00")
    assert old["finished_at"] == new["finished_at"] == "2026-11-24T08:49:40Z"


# ---------------------------------------------------------------- identity and proof


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"webhook-id": "w1", "Idempotency-Key": "k1"}, "w1"),
        ({"Idempotency-Key": "k1", "X-Gitlab-Webhook-UUID": "u1"}, "k1"),
    ],
)
def test_the_id_is_the_message_or_the_idempotency_key(headers, expected):
    assert item("gitlab", {}, headers.items()).provider_id == expected


def test_what_changes_at_each_attempt_is_no_id():
    one, two, other = (
        item("gitlab", body, [("X-Gitlab-Webhook-UUID", uuid), ("X-Gitlab-Event-UUID", "e")])
        for uuid, body in (("u1", {"a": 1}), ("u2", {"a": 1}), ("u2", {"a": 2}))
    )
    assert one.dedup_key == two.dedup_key != other.dedup_key
    assert "no_id" in one.flags


def verifier(*secrets: bytes) -> Verifier:
    found = bind(
        providers.load("gitlab").ways,
        [Secret(f"#{n}", secret) for n, secret in enumerate(secrets)],
        {},
        Context(),
    )
    assert isinstance(found, Verifier), found
    return found


SIGNING = b"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PLAIN = b"own-gitlab-token-5f1e"


def test_a_configured_signing_token_shuts_out_the_plain_one():
    both = verifier(PLAIN, SIGNING)
    assert isinstance(both.verify(request({}, [("X-Gitlab-Token", PLAIN.decode())]), 0.0), Refusal)
    assert [bound.scheme.name for bound in both.bound] == ["standard-webhooks"]


def test_the_plain_token_is_never_stored_whichever_way_is_live():
    assert b"x-gitlab-token" in verifier(PLAIN).secret_headers
    assert "header.X-Gitlab-Token" in providers.load("gitlab").secret_at
    assert "X-Gitlab-Token" not in providers.load("gitlab").raw_headers


def test_a_full_queue_is_not_told_as_the_hooks_own_fault():
    # 4xx four times in a row switches a hook off for good.
    assert providers.load("gitlab").replies.rate_limited == 503
