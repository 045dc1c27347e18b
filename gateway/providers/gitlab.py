"""GitLab, gitlab.com and self-managed: project, group and system hooks.

Data only; facts from docs.gitlab.com, named above each. How data is read is `normalize`'s job.
"""

from collections.abc import Mapping
from typing import Final

from gateway.providers.declaration import (
    Declaration,
    Field,
    Ranges,
    Reading,
    Replies,
    Rule,
    Setup,
    Way,
    const,
    integer,
    sha,
    text,
    time,
)
from gateway.providers.markers import ABSENT, ZEROS, Not, Prefix, Same, Test
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token

_SYSTEM: Final = "System Hook"
"""A system hook sends every event under this one word; the body says which it is.
https://docs.gitlab.com/administration/system_hooks/"""

# ---------------------------------------------------------------- code
# https://docs.gitlab.com/user/project/integrations/webhook_events/#push-events, #tag-events

_PUSHED = ("Push Hook", "Tag Push Hook", _SYSTEM)
_HEAD: Mapping[str, Test] = {"/ref": Prefix("refs/heads/")}
_TAG: Mapping[str, Test] = {"/ref": Prefix("refs/tags/")}
_PUSH: Mapping[str, Reading] = {
    "ref": Field(("/ref",), "ref"),
    # `after` of an annotated tag is the tag's own object; `checkout_sha` is the commit.
    "sha": sha("/checkout_sha", "/after"),
    "before_sha": sha("/before"),
    "url": text("/project/web_url"),
}
_PUSHES = (
    Rule("vcs.branch.deleted", _PUSHED, {**_HEAD, "/after": ZEROS}, _PUSH),
    Rule("vcs.branch.created", _PUSHED, {**_HEAD, "/before": ZEROS}, _PUSH),
    Rule("vcs.push", _PUSHED, _HEAD, _PUSH),
    Rule("vcs.tag.deleted", _PUSHED, {**_TAG, "/after": ZEROS}, _PUSH),
    Rule("vcs.tag.created", _PUSHED, _TAG, _PUSH),
)

# https://docs.gitlab.com/user/project/integrations/webhook_events/#merge-request-events
_MERGE_REQUEST = {
    "open": "vcs.change.opened",
    "reopen": "vcs.change.opened",
    "update": "vcs.change.updated",
    # `approved`: by all who must; `approval`: by one of them. Likewise the other way round.
    "approved": "vcs.change.reviewed",
    "approval": "vcs.change.reviewed",
    "unapproved": "vcs.change.reviewed",
    "unapproval": "vcs.change.reviewed",
    "merge": "vcs.change.merged",
    "close": "vcs.change.closed",
}
_SOURCE_PATH = "/object_attributes/source/path_with_namespace"
_CHANGE: Mapping[str, Reading] = {
    "number": integer("/object_attributes/iid"),
    "head": text("/object_attributes/source_branch"),
    "base": text("/object_attributes/target_branch"),
    "head_repo": text(_SOURCE_PATH, when={_SOURCE_PATH: Not(Same("/project/path_with_namespace"))}),
    "sha": sha("/object_attributes/last_commit/id"),
    # Only there when the commits changed.
    "before_sha": sha("/object_attributes/oldrev"),
}
_UPDATED = time("/object_attributes/updated_at", "/object_attributes/created_at")
_CHANGES = tuple(
    Rule(
        to,
        ("Merge Request Hook", _SYSTEM),
        {"/object_kind": "merge_request", "/object_attributes/action": action},
        _CHANGE,
        _UPDATED,
    )
    for action, to in _MERGE_REQUEST.items()
)

# https://docs.gitlab.com/user/project/integrations/webhook_events/#comment-events
_COMMENT = Rule(
    "vcs.comment",
    ("Note Hook", "Confidential Note Hook", _SYSTEM),
    {"/object_kind": "note"},
    {
        "number": integer("/merge_request/iid", "/issue/iid"),
        "title": text("/merge_request/title", "/issue/title", "/snippet/title", "/commit/title"),
        "head": text("/merge_request/source_branch"),
        "base": text("/merge_request/target_branch"),
        "sha": sha("/commit/id", "/merge_request/last_commit/id"),
    },
    _UPDATED,
)

# https://docs.gitlab.com/user/project/integrations/webhook_events/#release-events
_RELEASE = Rule(
    "vcs.release.published",
    ("Release Hook", _SYSTEM),
    {"/object_kind": "release", "/action": "create"},
    {
        "id": text("/id"),
        "url": text("/url"),
        "name": text("/name"),
        "ref": Field(("/tag",), "ref", lead="refs/tags/"),
        "tag": text("/tag"),
        "sha": sha("/commit/id"),
    },
    time("/created_at"),
)

# https://docs.gitlab.com/administration/system_hooks/#hooks-request-example
# and, for a group's hook, https://docs.gitlab.com/user/project/integrations/webhook_events/#project-events
_PROJECT = {
    "project_create": "vcs.repo.created",
    "project_rename": "vcs.repo.modified",
    "project_transfer": "vcs.repo.modified",
    "project_update": "vcs.repo.modified",
    "project_destroy": "vcs.repo.deleted",
}
_PROJECTS = tuple(
    Rule(
        to,
        ("Project Hook", _SYSTEM),
        {"/event_name": name},
        {
            "id": text("/project_id"),
            "name": text("/name"),
            "repo": text("/path_with_namespace"),
        },
        time("/updated_at", "/created_at"),
    )
    for name, to in _PROJECT.items()
)

# ---------------------------------------------------------------- CI
# https://docs.gitlab.com/user/project/integrations/webhook_events/#pipeline-events, #job-events;
# the statuses: https://docs.gitlab.com/api/pipelines/. `canceling` has no row: it still runs.

_STEPS = {
    "queued": ("created", "waiting_for_resource", "preparing", "waiting_for_callback", "pending"),
    "started": ("running",),
    "waiting": ("manual", "scheduled"),
    "finished": ("success", "failed", "canceled", "skipped"),
}
_STATUS = {"queued": "queued", "started": "running", "waiting": "waiting", "finished": "finished"}
_OUTCOMES = {
    "success": "success",
    "failed": "failure",
    "canceled": "canceled",
    "skipped": "skipped",
}

_OWN_CHANGE: Mapping[str, Test] = {
    "/merge_request/source_project_id": Same("/merge_request/target_project_id")
}
"""A merge request from within the project. Any other is a fork's: the body names its branch,
and a fork's `main` must not pass for ours."""
_SOURCE_BRANCH = ("/merge_request/source_branch",)


def _plain(ref: str, tag: str, *, is_tag: bool) -> Mapping[str, Test]:
    """A run of a branch or tag. What begins with `refs/` is `refs/merge-requests/7/head`."""
    return {
        "/merge_request": ABSENT,
        "/object_attributes/source": Not("merge_request_event"),
        tag: is_tag,
        ref: Not(Prefix("refs/")),
    }


def _place(ref: str, tag: str) -> Mapping[str, Reading]:
    """Where a run stands in git. ref, tag: where its short name and "it is a tag" stand."""
    branch, of_tag = _plain(ref, tag, is_tag=False), _plain(ref, tag, is_tag=True)
    return {
        "ref": (
            Field((ref,), "ref", branch, lead="refs/heads/"),
            Field((ref,), "ref", of_tag, lead="refs/tags/"),
            Field(_SOURCE_BRANCH, "ref", _OWN_CHANGE, lead="refs/heads/"),
        ),
        "branch": (text(ref, when=branch), text(*_SOURCE_BRANCH, when=_OWN_CHANGE)),
        "tag": text(ref, when=of_tag),
    }


_PIPELINE: Mapping[str, Reading] = {
    **_place("/object_attributes/ref", "/object_attributes/tag"),
    "number": integer("/object_attributes/iid"),
    "title": text("/commit/title"),
    "head": text(*_SOURCE_BRANCH),
    "base": text("/merge_request/target_branch"),
    "sha": sha("/object_attributes/sha"),
    "before_sha": sha("/object_attributes/before_sha"),
}
_JOB: Mapping[str, Reading] = {
    **_place("/ref", "/tag"),
    "id": text("/build_id"),
    "name": text("/build_name"),
    "url": Field(("/project/web_url", "/build_id"), join="/-/jobs/"),
    "sha": sha("/sha"),
    "before_sha": sha("/before_sha"),
    "started_at": time("/build_started_at_iso", "/build_started_at"),
    "finished_at": time("/build_finished_at_iso", "/build_finished_at"),
}
_RUN_TIMES: Mapping[str, Mapping[str, Reading]] = {
    "pipeline": {"finished": time("/object_attributes/finished_at")},
    "job": {
        "started": time("/build_started_at_iso", "/build_started_at"),
        "finished": time("/build_finished_at_iso", "/build_finished_at"),
    },
}


def _outcome(step: str, at: str) -> Mapping[str, Reading]:
    status: Mapping[str, Reading] = {"status": const(_STATUS[step])}
    if step != "finished":
        return status
    return {**status, "outcome": Field((at,), "map", table=_OUTCOMES, otherwise="unknown")}


def _runs(what: str, hook: str, kind: str, at: str, fields: Mapping[str, Reading]) -> list[Rule]:
    """The rules of one kind of run. at: where its status stands."""
    return [
        Rule(
            f"ci.{what}.{step}",
            (hook, _SYSTEM),
            {"/object_kind": kind, at: words},
            {**fields, **_outcome(step, at)},
            _RUN_TIMES[what].get(step),
        )
        for step, words in _STEPS.items()
        # The vocabulary knows no waiting job: a manual one is `other`.
        if (what, step) != ("job", "waiting")
    ]


_CI = (
    *_runs("pipeline", "Pipeline Hook", "pipeline", "/object_attributes/status", _PIPELINE),
    *_runs("job", "Job Hook", "build", "/build_status", _JOB),
)

# ---------------------------------------------------------------- deployments
# https://docs.gitlab.com/user/project/integrations/webhook_events/#deployment-events

_DEPLOY_STEPS = {
    "queued": ("created",),
    "started": ("running",),
    "waiting": ("blocked",),
    "finished": ("success", "failed", "canceled", "skipped"),
}
_CHANGED = time("/status_changed_at")
_DEPLOY: Mapping[str, Reading] = {
    "id": text("/deployment_id"),
    "url": text("/deployable_url"),
    "title": text("/commit_title"),
    "environment": text("/environment"),
    # The only place where the whole id stands is the commit's page.
    "sha": sha("/short_sha"),
}
_DEPLOY_TIMES: Mapping[str, Mapping[str, Reading]] = {
    "started": {"started_at": _CHANGED},
    "finished": {"finished_at": _CHANGED},
}
_DEPLOYMENTS = tuple(
    Rule(
        f"deploy.{step}",
        ("Deployment Hook", _SYSTEM),
        {"/object_kind": "deployment", "/status": words},
        {**_DEPLOY, **_DEPLOY_TIMES.get(step, {}), **_outcome(step, "/status")},
        _CHANGED,
    )
    for step, words in _DEPLOY_STEPS.items()
)

# ---------------------------------------------------------------- tickets, scans
# https://docs.gitlab.com/user/project/integrations/webhook_events/#work-item-events

_ISSUE = {
    "open": "ticket.created",
    "reopen": "ticket.updated",
    "update": "ticket.updated",
    "close": "ticket.closed",
}
_TICKETS = tuple(
    Rule(
        to,
        ("Issue Hook", "Confidential Issue Hook", _SYSTEM),
        # Epics, tasks, incidents … are `work_item`.
        {"/object_kind": ("issue", "work_item"), "/object_attributes/action": action},
        {"number": integer("/object_attributes/iid")},
        _UPDATED,
    )
    for action, to in _ISSUE.items()
)

# https://docs.gitlab.com/user/project/integrations/webhook_events/#vulnerability-events
_SCAN = Rule(
    "artifact.scanned",
    ("Vulnerability Hook",),
    {"/object_kind": "vulnerability"},
    {
        "name": text("/object_attributes/location/dependency/package/name"),
        "version": text("/object_attributes/location/dependency/version"),
    },
    _UPDATED,
)

# ---------------------------------------------------------------- the whole

DECLARATION = Declaration(
    name="gitlab",
    title="GitLab",
    docs="https://docs.gitlab.com/user/project/integrations/webhooks/",
    # A signing token is `whsec_` and base64 of 32 bytes, from GitLab 19.0 on; any other secret is
    # the old secret token, sent in clear.
    ways=(
        Way(StandardWebhooks(), secret_prefix="whsec_"),
        Way(
            Token("X-Gitlab-Token"),
            weak="a secret token is sent in clear and proves nothing about the body;"
            " GitLab 19.0 and later can sign (a signing token begins with whsec_)",
        ),
    ),
    # Both stay the same over automatic retries and a manual resend. X-Gitlab-Webhook-UUID is new at
    # each attempt, X-Gitlab-Event-UUID is shared by different events of one cause: neither is an id.
    id=("header.webhook-id", "header.Idempotency-Key"),
    event=("header.X-Gitlab-Event",),
    rules=(
        *_PUSHES,
        *_CHANGES,
        _COMMENT,
        _RELEASE,
        *_PROJECTS,
        *_CI,
        *_DEPLOYMENTS,
        *_TICKETS,
        _SCAN,
    ),
    fields={
        "id": text("/object_attributes/id"),
        "url": text("/object_attributes/url"),
        "name": text("/object_attributes/name"),
        "title": text("/object_attributes/title"),
        "actor": text("/user/username", "/user_username", "/user/name", "/user_name"),
        "repo": text("/project/path_with_namespace"),
        "finished_at": time("/object_attributes/finished_at"),
    },
    secret_at=("header.X-Gitlab-Token",),
    raw_headers=(
        "X-Gitlab-Event",
        "X-Gitlab-Event-UUID",
        "X-Gitlab-Instance",
        "X-Gitlab-Webhook-UUID",
        "Idempotency-Key",
    ),
    # Four failures in a row switch a hook off: after 4xx for good, after 5xx for a while.
    # https://docs.gitlab.com/user/project/integrations/webhooks/#auto-disabled-webhooks
    replies=Replies(rate_limited=503),
    body_limit=25 * 1024 * 1024,
    # gitlab.com only; https://docs.gitlab.com/user/gitlab_com/#ip-range has no JSON form.
    ranges=Ranges(shipped=("34.74.90.64/28", "34.74.226.0/24"), as_of="2026-11-24"),
    setup=Setup(
        where="Project (or group) → Settings → Webhooks → Add new webhook",
        steps=(
            "URL: {url}",
            "Secret token: {secret}",
            "Trigger: choose the events that your routes need",
            "leave “Enable SSL verification” on, then “Add webhook”",
        ),
    ),
    proof_note="A secret token proves who sends, not what is sent; a signing token proves both.",
)
