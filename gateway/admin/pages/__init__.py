"""The dashboard's pages: one handler a file, with a template of the same name."""

from gateway.admin.pages import changes, deliveries, event, events, refused, sources, targets

PAGES = (
    events.routes,
    event.routes,
    deliveries.routes,
    refused.routes,
    sources.routes,
    targets.routes,
    changes.routes,
)
