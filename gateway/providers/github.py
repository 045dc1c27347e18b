"""GitHub (github.com and Enterprise Server). https://docs.github.com/en/webhooks"""

from collections.abc import Mapping

from gateway.providers.declaration import (
    Declaration,
    Field,
    Option,
    Ranges,
    Reading,
    Ref,
    Rule,
    Setup,
    Way,
    const,
    integer,
    sha,
    text,
    time,
)
from gateway.providers.markers import PRESENT, ZEROS, Not, Prefix, Same, Test
from gateway.verify.hmac import Hmac

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
_NO: Mapping[str, Reading | None] = {"ref": None, "branch": None, "tag": None, "sha": None}

# ---------------------------------------------------------------- pushes, branches, tags

# https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
_PUSH: Mapping[str, Reading | None] = {
    "ref": Field(("/ref",), "ref"),  # and with it its branch or its tag
    "sha": sha("/after"),
    "before_sha": sha("/before"),
    "url": text("/compare"),
    "title": text("/head_commit/message"),
}
# create and delete have short names, and tell what a push tells as well, but for a new branch
# without commits: the push is the canonical one.
_SHORT_BRANCH: Mapping[str, Reading | None] = {
    "ref": Field(("/ref",), "ref", lead=_HEADS),
    "branch": text("/ref"),
    "tag": None,
    "canonical": const(False),
}
_SHORT_TAG: Mapping[str, Reading | None] = {
    "ref": Field(("/ref",), "ref", lead=_TAGS),
    "branch": None,
    "tag": text("/ref"),
    "canonical": const(False),
}

# ---------------------------------------------------------------- pull requests

_PR = "/pull_request"
_FORK: Mapping[Ref, Test] = {f"{_PR}/head/repo/full_name": Not(Same("/repository/full_name"))}
_CHANGE: Mapping[str, Reading | None] = {
    "id": text(f"{_PR}/id"),
    "number": integer(f"{_PR}/number", "/number"),
    "title": text(f"{_PR}/title"),
    "url": text(f"{_PR}/html_url"),
    "head": text(f"{_PR}/head/ref"),
    "base": text(f"{_PR}/base/ref"),
    "head_repo": text(f"{_PR}/head/repo/full_name", when=_FORK),
    "sha": sha(f"{_PR}/head/sha"),
    "started_at": time(f"{_PR}/created_at"),
    "finished_at": time(f"{_PR}/closed_at"),
    **dict.fromkeys(("ref", "branch", "tag")),
}


def _change(to: str, *actions: str, **more: Test) -> Rule:
    when: dict[Ref, Test] = {"/action": actions, **{f"{_PR}/{k}": v for k, v in more.items()}}
    return Rule(to, ("pull_request",), when, _CHANGE)


# ---------------------------------------------------------------- runs

_OUTCOMES = {
    "success": "success",
    "failure": "failure",
    "cancelled": "canceled",
    "skipped": "skipped",
    "neutral": "skipped",
    "stale": "skipped",
    "timed_out": "error",
    "startup_failure": "error",
    "error": "error",
}


_OURS = "/repository/full_name"
_WHOSE = "/workflow_run/head_repository/full_name"
# A release's run names the release's tag as its `head_branch`.
_OWN_RUN: Mapping[Ref, Test] = {_WHOSE: Same(_OURS), "/workflow_run/event": Not("release")}
_OWN_RELEASE: Mapping[Ref, Test] = {_WHOSE: Same(_OURS), "/workflow_run/event": "release"}
# A deleted fork's repository is null: its branch is not ours either.
_NOT_OUR_RUN: Mapping[Ref, Test] = {_WHOSE: Not(Same(_OURS))}


def _run(at: str, started: str, finished: str) -> Mapping[str, Reading | None]:
    """A run of which GitHub does not say whose branch it is for: a fork's `main` would look like
    ours, so that there is a `head`, and no `branch`."""
    return {
        "id": text(f"{at}/id"),
        "name": text(f"{at}/name", f"{at}/app/name"),
        "title": text(f"{at}/display_title", f"{at}/output/title"),
        "url": text(f"{at}/html_url", f"{at}/details_url"),
        "sha": sha(f"{at}/head_sha"),
        "head": text(f"{at}/head_branch", f"{at}/check_suite/head_branch"),
        **dict.fromkeys(("ref", "branch", "tag")),
        "number": integer(f"{at}/run_number"),
        "started_at": time(f"{at}/{started}", f"{at}/created_at"),
        "finished_at": Field((f"{at}/{finished}",), "time", {f"{at}/status": "completed"}),
    }


_BRANCH = "/workflow_run/head_branch"
_WORKFLOW: Mapping[str, Reading | None] = {
    **_run("/workflow_run", "run_started_at", "updated_at"),
    "branch": text(_BRANCH, when=_OWN_RUN),
    "tag": text(_BRANCH, when=_OWN_RELEASE),
    "ref": (
        Field((_BRANCH,), "ref", _OWN_RUN, lead=_HEADS),
        Field((_BRANCH,), "ref", _OWN_RELEASE, lead=_TAGS),
    ),
    "head": text(_BRANCH, when=_NOT_OUR_RUN),
    "head_repo": text(_WHOSE, when=_NOT_OUR_RUN),
}
_JOB = _run("/workflow_job", "started_at", "completed_at")
_SUITE = _run("/check_suite", "created_at", "updated_at")
_CHECK = _run("/check_run", "started_at", "completed_at")


def _waiting(on: str, at: str, fields: Mapping[str, Reading | None]) -> Rule:
    """GitHub calls it completed, and a person has to act."""
    when: Mapping[Ref, Test] = {"/action": "completed", f"{at}/conclusion": "action_required"}
    more = {**fields, "status": const("waiting"), "finished_at": None}
    return Rule("ci.pipeline.waiting", (on,), when, more)


def _stage(to: str, on: str, at: str, fields: Mapping[str, Reading | None], *actions: str) -> Rule:
    status = to.rpartition(".")[2]
    done = status == "finished"
    outcome: Mapping[str, Reading] = (
        {"outcome": Field((f"{at}/conclusion",), "map", table=_OUTCOMES, otherwise="unknown")}
        if done
        else {}
    )
    word = {"started": "running"}.get(status, status)
    more: Mapping[str, Reading | None] = {**fields, "status": const(word), **outcome}
    return Rule(to, (on,), {"/action": actions}, more)


# ---------------------------------------------------------------- deployments

_DEPLOYMENT: Mapping[str, Reading | None] = {
    "id": text("/deployment/id"),
    "environment": text(
        "/deployment_status/environment", "/deployment/environment", "/environment"
    ),
    "sha": sha("/deployment/sha"),
    "ref": Field(("/deployment/ref",), "ref", {"/deployment/ref": Prefix("refs/")}),
    "branch": Field(("/deployment/ref",), "branch"),
    "tag": Field(("/deployment/ref",), "tag"),
    "name": text("/deployment/task"),
    "title": text("/deployment_status/description", "/deployment/description"),
    "url": text(
        "/deployment_status/target_url", "/deployment_status/log_url", "/workflow_run/html_url"
    ),
    "started_at": time("/deployment/created_at"),
}


def _deployed(to: str, *states: str, **fields: Reading) -> Rule:
    return Rule(
        to, ("deployment_status",), {"/deployment_status/state": states}, {**_DEPLOYMENT, **fields}
    )


_DONE = {
    "status": const("finished"),
    "outcome": Field(("/deployment_status/state",), "map", table=_OUTCOMES, otherwise="unknown"),
    "finished_at": time("/deployment_status/created_at"),
}

# ---------------------------------------------------------------- the rest

_ISSUE: Mapping[str, Reading | None] = {
    **_NO,
    "id": text("/issue/id"),
    "number": integer("/issue/number"),
    "title": text("/issue/title"),
    "url": text("/issue/html_url"),
    "started_at": time("/issue/created_at"),
    "finished_at": time("/issue/closed_at"),
    "repo": None,
}
_COMMENT: Mapping[str, Reading | None] = {
    **_NO,
    "id": text("/comment/id"),
    "number": integer("/issue/number", f"{_PR}/number"),
    "title": text("/issue/title", f"{_PR}/title"),
    "url": text("/comment/html_url"),
    "sha": sha("/comment/commit_id"),
}


def _package(at: str) -> Mapping[str, Reading | None]:
    return {
        **_NO,
        "id": text(f"{at}/id"),
        "name": text(f"{at}/name"),
        "version": text(f"{at}/package_version/version"),
        "tag": text(f"{at}/package_version/container_metadata/tag/name"),
        "digest": text(f"{at}/package_version/container_metadata/tag/digest"),
        "url": text(f"{at}/package_version/html_url", f"{at}/html_url"),
    }


RULES = (
    Rule("vcs.branch.deleted", ("push",), {"/ref": Prefix(_HEADS), "/deleted": True}, _PUSH),
    Rule("vcs.branch.deleted", ("push",), {"/ref": Prefix(_HEADS), "/after": ZEROS}, _PUSH),
    Rule("vcs.tag.deleted", ("push",), {"/ref": Prefix(_TAGS), "/deleted": True}, _PUSH),
    Rule("vcs.tag.deleted", ("push",), {"/ref": Prefix(_TAGS), "/after": ZEROS}, _PUSH),
    Rule("vcs.tag.created", ("push",), {"/ref": Prefix(_TAGS)}, _PUSH),
    Rule("vcs.push", ("push",), {"/ref": Prefix(_HEADS)}, _PUSH),
    Rule(
        "vcs.branch.created",
        ("create",),
        {"/ref_type": "branch"},
        {**_SHORT_BRANCH, "canonical": None},
    ),
    Rule("vcs.tag.created", ("create",), {"/ref_type": "tag"}, _SHORT_TAG),
    Rule("vcs.branch.deleted", ("delete",), {"/ref_type": "branch"}, _SHORT_BRANCH),
    Rule("vcs.tag.deleted", ("delete",), {"/ref_type": "tag"}, _SHORT_TAG),
    _change("vcs.change.opened", "opened", "reopened"),
    _change("vcs.change.merged", "closed", merged=True),
    _change("vcs.change.closed", "closed"),
    _change("vcs.change.updated", "synchronize", "edited"),
    Rule(
        "vcs.change.reviewed",
        ("pull_request_review",),
        {"/action": "submitted"},
        {**_CHANGE, "url": text("/review/html_url"), "name": text("/review/state")},
    ),
    Rule(
        "vcs.comment",
        ("issue_comment", "commit_comment", "pull_request_review_comment"),
        {"/action": "created"},
        _COMMENT,
    ),
    Rule(
        "vcs.release.published",
        ("release",),
        {"/action": "published"},
        {
            **_NO,
            "id": text("/release/id"),
            "name": text("/release/name", "/release/tag_name"),
            "tag": text("/release/tag_name"),
            "ref": Field(("/release/tag_name",), "ref", lead=_TAGS),
            "url": text("/release/html_url"),
            "finished_at": time("/release/published_at"),
        },
    ),
    Rule("vcs.repo.created", ("repository",), {"/action": "created"}, _NO),
    Rule("vcs.repo.deleted", ("repository",), {"/action": "deleted"}, _NO),
    Rule("vcs.repo.modified", ("repository",), {"/action": PRESENT}, _NO),
    _stage("ci.pipeline.queued", "workflow_run", "/workflow_run", _WORKFLOW, "requested"),
    _stage("ci.pipeline.started", "workflow_run", "/workflow_run", _WORKFLOW, "in_progress"),
    _waiting("workflow_run", "/workflow_run", _WORKFLOW),
    _waiting("check_suite", "/check_suite", _SUITE),
    _stage("ci.pipeline.finished", "workflow_run", "/workflow_run", _WORKFLOW, "completed"),
    _stage("ci.pipeline.finished", "check_suite", "/check_suite", _SUITE, "completed"),
    _stage("ci.job.queued", "workflow_job", "/workflow_job", _JOB, "queued"),
    _stage("ci.job.started", "workflow_job", "/workflow_job", _JOB, "in_progress"),
    _stage("ci.job.finished", "workflow_job", "/workflow_job", _JOB, "completed"),
    _stage("ci.job.queued", "check_run", "/check_run", _CHECK, "created"),
    _stage("ci.job.finished", "check_run", "/check_run", _CHECK, "completed"),
    Rule(
        "ci.status",
        ("status",),
        {},
        {
            **_NO,
            "id": text("/id"),
            "name": text("/context"),
            "title": text("/description"),
            "sha": sha("/sha"),
            "url": text("/target_url"),
            "status": (
                const("running", {"/state": "pending"}),
                const("finished"),
            ),
            "outcome": Field(
                ("/state",), "map", {"/state": Not("pending")}, table=_OUTCOMES, otherwise="unknown"
            ),
        },
    ),
    Rule("deploy.queued", ("deployment",), {}, {**_DEPLOYMENT, "status": const("queued")}),
    _deployed("deploy.queued", "pending", "queued", status=const("queued")),
    _deployed("deploy.waiting", "waiting", status=const("waiting")),
    _deployed("deploy.started", "in_progress", status=const("running")),
    _deployed("deploy.removed", "inactive"),
    _deployed("deploy.finished", "success", "failure", "error", **_DONE),
    Rule(
        "deploy.waiting",
        ("deployment_review",),
        {"/action": "requested"},
        {**_DEPLOYMENT, "status": const("waiting")},
    ),
    Rule(
        "ci.pipeline.waiting",
        ("deployment_protection_rule",),
        {},
        {
            **_NO,
            "id": text("/deployment/id"),
            "sha": sha("/deployment/sha"),
            "status": const("waiting"),
        },
    ),
    Rule(
        "artifact.published",
        ("registry_package",),
        {"/action": ("published", "updated")},
        _package("/registry_package"),
    ),
    Rule(
        "artifact.published",
        ("package",),
        {"/action": ("published", "updated")},
        _package("/package"),
    ),
    Rule("ticket.created", ("issues",), {"/action": "opened"}, _ISSUE),
    Rule("ticket.closed", ("issues",), {"/action": "closed"}, _ISSUE),
    Rule("ticket.updated", ("issues",), {"/action": PRESENT}, _ISSUE),
    Rule("meta.ping", ("ping",), {}, {"id": text("/hook_id"), "title": text("/zen")}),
    Rule("meta.hook", ("meta",), {}, {"id": text("/hook_id"), "name": text("/action")}),
)

DECLARATION = Declaration(
    name="github",
    title="GitHub",
    docs="https://docs.github.com/en/webhooks",
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    ways=(
        Way(Hmac("X-Hub-Signature-256", prefix="sha256=")),
        Way(
            Hmac("X-Hub-Signature", algorithm="sha1", prefix="sha1="),
            option="allow_sha1",
            weak="SHA-1 signatures are accepted",
        ),
    ),
    options={
        "allow_sha1": Option(
            "boolean",
            "accept SHA-1 where SHA-256 is not sent (Enterprise Server before 2.23)",
            default=False,
        )
    },
    # The same over a redelivery by a person; not covered by the signature.
    id=("header.X-GitHub-Delivery",),
    event=("header.X-GitHub-Event",),
    form_field="payload",
    rules=RULES,
    fields={
        "repo": text("/repository/full_name"),
        "actor": text("/sender/login"),
        "account": text("/organization/login", "/repository/owner/login"),
        "url": text("/repository/html_url"),
        "name": text("/repository/name"),
    },
    raw_headers=(
        "X-GitHub-Event",
        "X-GitHub-Delivery",
        "X-GitHub-Hook-ID",
        "X-Hub-Signature-256",
        "X-GitHub-Hook-Installation-Target-Type",
        "X-GitHub-Hook-Installation-Target-ID",
        "User-Agent",
    ),
    body_limit=25 * 1024 * 1024,
    # https://docs.github.com/en/rest/meta/meta
    ranges=Ranges(
        shipped=(
            "192.30.252.0/22",
            "185.199.108.0/22",
            "140.82.112.0/20",
            "143.55.64.0/20",
            "9.234.98.160/28",
            "9.234.98.176/28",
            "9.234.106.48/28",
            "2a0a:a440::/29",
            "2606:50c0::/32",
        ),
        as_of="2026-11-24",
        url="https://api.github.com/meta",
        pointers=("/hooks",),
    ),
    setup=Setup(
        where="repository (or organization) → Settings → Webhooks → Add webhook",
        steps=(
            "Payload URL: {url}",
            "Content type: application/json",
            "Secret: {secret}",
            "Events: “Let me select individual events”: Pushes, Pull requests, Workflow runs, …",
            "Active: on. GitHub sends a ping at once: `gateway events list` shows it.",
        ),
    ),
    proof_note="The signature covers the body, not the delivery id.",
)
