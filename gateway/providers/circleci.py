"""CircleCI's outbound webhooks: a finished workflow, a finished job.

Data only; facts from circleci.com/docs/reference/outbound-webhooks-reference. How data is read is
`normalize`'s job.
"""

from collections.abc import Mapping

from gateway.providers.declaration import (
    Declaration,
    Field,
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
from gateway.providers.markers import ABSENT, PRESENT, Not, Prefix, Same, Test
from gateway.verify.hmac import Hmac

# Projects of the GitHub OAuth app and Bitbucket Cloud have `vcs`; those of GitLab, the GitHub App
# and Bitbucket Data Center have `trigger_parameters`.
_VCS = "/pipeline/vcs"
_GIT = "/pipeline/trigger_parameters/git"
_GITLAB = "/pipeline/trigger_parameters/gitlab"
_TARGET, _ORIGIN = f"{_VCS}/target_repository_url", f"{_VCS}/origin_repository_url"

# ---------------------------------------------------------------- where a run stands in git

# https://circleci.com/docs/reference/outbound-webhooks-reference/#vcs: the two differ only for a
# fork's pull request. CircleCI names its branch `pull/12`, which is no branch of ours.
_FORK: Mapping[Ref, Test] = {_ORIGIN: Not(Same(_TARGET)), _TARGET: PRESENT}
_OWN: tuple[Mapping[Ref, Test], ...] = ({_ORIGIN: ABSENT}, {_ORIGIN: Same(_TARGET)})
"""A run of the project's own repository, told by its two addresses or by there being one."""
_OF_BRANCH: Mapping[Ref, Test] = {f"{_VCS}/tag": ABSENT, f"{_VCS}/branch": Not(Prefix("pull/"))}
_NO_VCS: Mapping[Ref, Test] = {_VCS: ABSENT}
_HEAD: Mapping[Ref, Test] = {
    **_NO_VCS,
    f"{_GIT}/tag": ABSENT,
    f"{_GIT}/ref": Prefix("refs/heads/"),
}
_HEADS, _TAGS = "refs/heads/", "refs/tags/"

_PLACE: Mapping[str, Reading] = {
    "repo": (
        # `github/acme/site`, `gh/acme/site`, `bb/…`; a slug of ids begins with `circleci/`.
        Field(("/project/slug",), "tail", {"/project/slug": Not(Prefix("circleci/"))}),
        Field(
            (_TARGET, f"{_GIT}/repo_url", f"{_GITLAB}/repo_url", f"{_GITLAB}/web_url"), "repo_url"
        ),
    ),
    "ref": (
        *(Field((f"{_VCS}/tag",), "ref", own, lead=_TAGS) for own in _OWN),
        *(Field((f"{_VCS}/branch",), "ref", {**_OF_BRANCH, **own}, lead=_HEADS) for own in _OWN),
        Field((f"{_GIT}/tag",), "ref", _NO_VCS, lead=_TAGS),
        Field((f"{_GIT}/ref",), "ref", _HEAD),
    ),
    "branch": (
        *(text(f"{_VCS}/branch", when={**_OF_BRANCH, **own}) for own in _OWN),
        Field((f"{_GIT}/ref",), "branch", _HEAD),
    ),
    "tag": (
        *(text(f"{_VCS}/tag", when=own) for own in _OWN),
        text(f"{_GIT}/tag", when=_NO_VCS),
    ),
    "head_repo": Field((_ORIGIN,), "repo_url", _FORK),
    "sha": sha(f"{_VCS}/revision", f"{_GIT}/checkout_sha", f"{_GITLAB}/commit_sha"),
    "title": text(f"{_VCS}/commit/subject", f"{_GITLAB}/commit_title"),
    "actor": text(
        f"{_GITLAB}/user_username",
        "/pipeline/trigger_parameters/github_app/user_username",
        f"{_VCS}/commit/author/name",
        f"{_GITLAB}/user_name",
    ),
}

# ---------------------------------------------------------------- what ended, and how

# https://circleci.com/docs/guides/integration/outbound-webhooks/#event-specifications
_OUTCOMES = {
    "success": "success",
    "failed": "failure",
    "canceled": "canceled",
    "error": "error",
    "unauthorized": "error",
    "infrastructure_fail": "error",
    "timedout": "error",
    "not_run": "skipped",
}


def _ended(what: str, started: str) -> Mapping[str, Reading]:
    """The fields of a workflow or a job."""
    return {
        "id": text(f"/{what}/id"),
        "name": text(f"/{what}/name"),
        "started_at": time(f"/{what}/{started}"),
        "finished_at": time(f"/{what}/stopped_at"),
        "status": const("finished"),
        "outcome": Field((f"/{what}/status",), "map", table=_OUTCOMES, otherwise="unknown"),
        "url": text("/workflow/url"),
    }


_JOB: Mapping[str, Reading] = {**_ended("job", "started_at"), "number": integer("/job/number")}
_WORKFLOW: Mapping[str, Reading] = {
    **_ended("workflow", "created_at"),
    "number": integer("/pipeline/number"),
}

# ---------------------------------------------------------------- the whole

DECLARATION = Declaration(
    name="circleci",
    title="CircleCI",
    docs="https://circleci.com/docs/guides/integration/outbound-webhooks/",
    # https://circleci.com/docs/guides/integration/outbound-webhooks/#validate-webhooks: a list of
    # versions, of which only v1 is known; a version of the future may have `=` in its value.
    ways=(Way(Hmac(header="circleci-signature", separator=",", entry="v1")),),
    # "The client can use this to deduplicate events."
    id=("/id",),
    # The body is signed, the header circleci-event-type is not.
    event=("/type", "header.circleci-event-type"),
    rules=(
        Rule("ci.job.finished", ("job-completed",), fields=_JOB),
        # CircleCI's own example of a GitLab project's job says workflow-completed.
        Rule("ci.job.finished", ("workflow-completed",), {"/job": PRESENT}, _JOB),
        Rule("ci.pipeline.finished", ("workflow-completed",), fields=_WORKFLOW),
        Rule("meta.ping", ("ping",), fields={"id": text("/id"), "name": text("/webhook/name")}),
    ),
    fields={**_PLACE, "account": text("/organization/name")},
    time=time("/happened_at"),
    raw_headers=("circleci-event-type", "circleci-signature"),
    # https://circleci.com/docs/guides/security/ip-ranges/: the core services' addresses, published
    # as DNS records (core.knownips.circleci.com) and not as a document.
    ranges=Ranges(
        shipped=(
            "3.210.128.175",
            "18.214.70.5",
            "18.214.156.84",
            "34.197.216.176",
            "35.174.249.131",
            "52.6.77.249",
            "52.20.166.242",
            "52.22.215.219",
            "52.206.105.184",
            "54.236.156.101",
        ),
        as_of="2026-11-24",
    ),
    setup=Setup(
        where="Project Settings → Webhooks → Add Webhook",
        steps=(
            "Webhook name: any; Receiver URL: {url}",
            "Secret token: {secret}",
            "Certificate verification: on",
            "Events: Workflow Completed, Job Completed",
        ),
    ),
)
