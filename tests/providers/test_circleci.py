"""CircleCI: both shapes of a pipeline, and forks kept apart."""

import json

import pytest

from gateway.providers import sampling
from tests.providers.reading import faults, item, of_sample

B = "c07d5e92b84f1a63d0e7b92c4f58a1603ed7c9b4"
HOW = {
    "account": "harbour",
    "repo": "harbour/ledger",
    "actor": "Iris Okafor",
    "sha": B,
    "title": "Round half to even in the VAT report",
    "status": "finished",
    "url": "https://app.circleci.com/pipelines/github/harbour/ledger/1893/workflows/"
    "e93b4d17-60fa-4c28-b7d5-3a08f1c29e64",
}
WORKFLOW = {
    **HOW,
    "id": "e93b4d17-60fa-4c28-b7d5-3a08f1c29e64",
    "name": "build-and-test",
    "number": 1893,
    "started_at": "2026-11-24T08:42:01.204Z",
    "finished_at": "2026-11-24T08:48:57.611Z",
}
JOB = {
    **HOW,
    "id": "0f62c8ab-9d14-4e73-8b50-c7e1a4d39f26",
    "name": "unit",
    "number": 6120,
    "started_at": "2026-11-24T08:42:20.01Z",
    "finished_at": "2026-11-24T08:47:01.53Z",
}
MAIN = {"ref": "refs/heads/main", "branch": "main"}
GITLAB = {"repo": "harbour/tools/ledger", "actor": "iris"}

SAMPLES = {
    "workflow-success": ("ci.pipeline.finished", {**WORKFLOW, **MAIN, "outcome": "success"}),
    "workflow-tag-failed": (
        "ci.pipeline.finished",
        {**WORKFLOW, "ref": "refs/tags/v2.4.0", "tag": "v2.4.0", "outcome": "failure"},
    ),
    "workflow-of-fork": (
        "ci.pipeline.finished",
        {**WORKFLOW, "head_repo": "sven/ledger", "outcome": "error"},
    ),
    "job-canceled": ("ci.job.finished", {**JOB, **MAIN, "outcome": "canceled"}),
    "gitlab-job-success": ("ci.job.finished", {**JOB, **MAIN, **GITLAB, "outcome": "success"}),
    "gitlab-workflow-error": (
        "ci.pipeline.finished",
        {**WORKFLOW, **MAIN, **GITLAB, "outcome": "error"},
    ),
    "ping": ("meta.ping", {"id": "5d2f9e81-b6a4-3c07-9f18-000000000007", "name": "gateway"}),
}


def body_of(name: str) -> dict:
    (one,) = (each for each in sampling.load("circleci") if each.name == name)
    return json.loads(one.body)


def plain(fields: dict) -> dict:
    """Fractions of a second may be written with or without zeros at their end."""
    return {
        name: value.rstrip("Z").rstrip("0") if name.endswith("_at") else value
        for name, value in fields.items()
    }


def test_every_sample_is_expected_here():
    assert {one.name for one in sampling.load("circleci")} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_becomes_its_type_with_exactly_these_fields(name):
    found = of_sample("circleci", name)
    to, fields = SAMPLES[name]
    assert (found.type, plain(found.fields)) == (to, plain(fields))
    assert not faults(found)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("success", "success"),
        ("failed", "failure"),
        ("canceled", "canceled"),
        ("error", "error"),
        ("unauthorized", "error"),
        ("a word of the future", "unknown"),
    ],
)
def test_each_status_has_its_outcome(status, outcome):
    body = body_of("workflow-success")
    body["workflow"]["status"] = status
    assert item("circleci", body).fields["outcome"] == outcome


def test_the_word_is_the_signed_body_s_and_not_the_header_s():
    headers = [("circleci-event-type", "ping")]
    assert item("circleci", body_of("job-canceled"), headers).provider_type == "job-completed"
    assert item("circleci", {"id": "x"}, headers).type == "meta.ping"


def test_a_job_that_calls_itself_a_workflow_is_a_job():
    body = {**body_of("gitlab-job-success"), "type": "workflow-completed"}
    assert item("circleci", body).type == "ci.job.finished"


@pytest.mark.parametrize(
    ("slug", "target", "repo"),
    [
        ("gh/harbour/ledger", None, "harbour/ledger"),
        ("bitbucket/harbour/ledger", None, "harbour/ledger"),
        ("circleci/9Qm/5Nf", "https://github.com/harbour/ledger.git", "harbour/ledger"),
        ("circleci/9Qm/5Nf", "git@github.com:harbour/ledger.git", "harbour/ledger"),
        ("circleci/9Qm/5Nf", None, None),
    ],
)
def test_the_repository_is_the_slug_s_or_the_address_s(slug, target, repo):
    body = body_of("workflow-success")
    body["project"]["slug"] = slug
    body["pipeline"]["vcs"]["target_repository_url"] = target
    assert item("circleci", body).fields.get("repo") == repo


@pytest.mark.parametrize(
    "vcs",
    [
        {"branch": "pull/12"},
        {"branch": "main", "origin_repository_url": "https://github.com/sven/ledger"},
        {"branch": "main", "target_repository_url": None},
        {"tag": "v1", "origin_repository_url": "https://github.com/sven/ledger"},
    ],
)
def test_a_run_of_what_may_be_a_fork_s_names_no_branch(vcs):
    body = body_of("workflow-success")
    body["pipeline"]["vcs"].update(vcs)
    assert not item("circleci", body).fields.keys() & {"branch", "ref", "tag"}


def test_a_pull_request_s_ref_is_no_branch():
    body = body_of("gitlab-workflow-error")
    body["pipeline"]["trigger_parameters"]["git"]["ref"] = "refs/pull/12/head"
    assert not item("circleci", body).fields.keys() & {"branch", "ref", "tag"}
