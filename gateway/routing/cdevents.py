"""What CDEvents calls our types: one table, for the extension `cdevents`. No rules besides it.

CDEvents 0.5.1, https://cdevents.dev/docs/ (core, scm, ci, cd, continuous-operations). Types are
named without their version: the data is ours, not a CDEvent's. A type that CDEvents has no word
for has no row: it knows no push, no tag and no comment.
"""

from collections.abc import Mapping
from types import MappingProxyType

CDEVENTS: Mapping[str, str] = MappingProxyType(
    {
        "vcs.branch.created": "dev.cdevents.branch.created",
        "vcs.branch.deleted": "dev.cdevents.branch.deleted",
        "vcs.change.opened": "dev.cdevents.change.created",
        "vcs.change.updated": "dev.cdevents.change.updated",
        "vcs.change.reviewed": "dev.cdevents.change.reviewed",
        "vcs.change.merged": "dev.cdevents.change.merged",
        "vcs.change.closed": "dev.cdevents.change.abandoned",
        "vcs.repo.created": "dev.cdevents.repository.created",
        "vcs.repo.modified": "dev.cdevents.repository.modified",
        "vcs.repo.deleted": "dev.cdevents.repository.deleted",
        "ci.pipeline.queued": "dev.cdevents.pipelinerun.queued",
        "ci.pipeline.started": "dev.cdevents.pipelinerun.started",
        "ci.pipeline.finished": "dev.cdevents.pipelinerun.finished",
        "ci.job.started": "dev.cdevents.taskrun.started",
        "ci.job.finished": "dev.cdevents.taskrun.finished",
        "deploy.rolledback": "dev.cdevents.service.rolledback",
        "deploy.removed": "dev.cdevents.service.removed",
        "artifact.published": "dev.cdevents.artifact.published",
        "artifact.deleted": "dev.cdevents.artifact.deleted",
        "ticket.created": "dev.cdevents.ticket.created",
        "ticket.updated": "dev.cdevents.ticket.updated",
        "ticket.closed": "dev.cdevents.ticket.closed",
        "incident.opened": "dev.cdevents.incident.detected",
        "incident.resolved": "dev.cdevents.incident.resolved",
        "alert.firing": "dev.cdevents.incident.detected",
        "alert.resolved": "dev.cdevents.incident.resolved",
    }
)

ON_SUCCESS: Mapping[str, str] = MappingProxyType(
    {"deploy.finished": "dev.cdevents.service.deployed"}
)
"""Types that CDEvents has a word for only where `outcome` is `success`."""
